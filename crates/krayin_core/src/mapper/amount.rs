//! Sums of money as people write them.

use serde_json::Value;

use crate::{krayin::Amount, text};

/// What a number, or a text that means one sum of money, says.
///
/// `None` for what says none, or more than one (`5000-7000`, `3 licences at 99.50`), for what is below zero or more than
/// Krayin holds, and for a number of something else (`3 licences`).
pub(super) fn amount(value: &Value) -> Option<Amount> {
    match value {
        Value::Number(number) => of_machine(&number.to_string()),
        Value::String(text) => {
            of_machine(text.trim()).filter(|_| text.contains(['e', 'E'])).or_else(|| of_person(text))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Longer is no sum.
const LONGEST: usize = 200;

/// A number as programs write it: `1000.5`, `0.1e4`.
fn of_machine(text: &str) -> Option<Amount> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
        None => (text, 0),
    };
    let (is_negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = !whole.is_empty() && [whole, fraction].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let amount = if is_number { decimal(whole, fraction, exponent)? } else { return None };
    // Minus nothing is nothing.
    (!is_negative || amount == Amount::default()).then_some(amount)
}

/// `whole.fraction` times ten to the power of `exponent`, without what is beyond the fourth decimal. `None` where it is
/// too much, or too little to be any.
fn decimal(whole: &str, fraction: &str, exponent: i32) -> Option<Amount> {
    let digits: Vec<u64> = whole.bytes().chain(fraction.bytes()).map(|digit| u64::from(digit - b'0')).collect();
    let wanted = i64::try_from(whole.len()).ok()? + i64::from(exponent) + 4;
    let mut count: u64 = 0;
    let mut at = 0;
    while at < wanted {
        let digit = usize::try_from(at).ok().and_then(|at| digits.get(at)).copied().unwrap_or_default();
        count = count * 10 + digit;
        if count > Amount::LARGEST.ten_thousandths() {
            return None;
        }
        // Zeros alone stay zero however many there are.
        if count == 0 && at >= i64::try_from(digits.len()).ok()? {
            break;
        }
        at += 1;
    }
    let is_cut_to_nothing = count == 0 && digits.iter().any(|digit| *digit > 0);
    if is_cut_to_nothing { None } else { Amount::from_ten_thousandths(count) }
}

/// A text with one number in it that is a sum.
fn of_person(text: &str) -> Option<Amount> {
    if text.len() > LONGEST {
        return None;
    }
    let chars: Vec<char> = text.trim().chars().filter(|c| !text::is_invisible(*c)).map(plain).collect();
    let first = chars.iter().position(char::is_ascii_digit)?;
    let number = Number::read(&chars, first);
    let lower = |chars: &[char]| -> String {
        let text: String = chars.iter().flat_map(|c| c.to_lowercase()).collect();
        // The quotation mark of an abbreviation.
        text.replace("ש\"ח", "שח")
    };
    let before = lower(chars.get(..number.start)?);
    let mut after = lower(chars.get(number.end..)?);
    after = without_dash_for_cents(&after).to_owned();
    let says_something_else = |c: char| c.is_numeric() || c == '%';
    if before.contains(says_something_else) || after.contains(says_something_else) || is_negative(&before, &after) {
        return None;
    }
    let meaning = Meaning::of(&before, &after, &number)?;
    if !meaning.has_currency && after.starts_with('.') && number.is_day_and_month() {
        return None;
    }
    let (whole, fraction) = number.parts(&meaning)?;
    decimal(&whole, &fraction, meaning.magnitude)
}

/// Digits of all scripts as ASCII's, and one form of each kind of blank, apostrophe and dash.
fn plain(c: char) -> char {
    match c {
        c if c.is_whitespace() => ' ',
        '’' | '‘' | 'ʼ' | 'ʻ' | '´' | '`' | '′' | '＇' | '٬' => '\'',
        '״' => '"',
        '−' | '–' | '—' | '‐' | '‑' | '‒' | '―' | '－' => '-',
        '，' | '、' => ',',
        '．' => '.',
        c => text::ascii_digit(c).unwrap_or(c),
    }
}

/// `500,-`, `5000.--`, `500:-`, `5000/-` and `5000/=` without what stands there for no cents.
fn without_dash_for_cents(after: &str) -> &str {
    let rest = after.strip_prefix(['.', ',', ':', ';', '/']).map(|rest| rest.trim_start_matches(' '));
    match rest {
        Some(rest) if rest.starts_with(['-', '=']) => rest.trim_start_matches(['-', '=']),
        _ => after,
    }
}

/// A sum below zero: with a dash before it or right after it, or alone in parentheses. A dash that nothing comes after
/// begins a range.
fn is_negative(before: &str, after: &str) -> bool {
    let mut previous = ' ';
    let mut chars = before.chars().peekable();
    while let Some(c) = chars.next() {
        // One within a word is none: `US-$`.
        if c == '-' && (previous == ' ' || chars.peek().is_none_or(|next| *next == ' ')) {
            return true;
        }
        previous = c;
    }
    if after.starts_with('-') || after.trim_end().ends_with('-') {
        return true;
    }
    let says_so = words(before).filter(|word| !Word::of(word).is_currency()).last();
    if says_so.is_some_and(|word| is_one_of(BELOW_NOTHING, word)) {
        return true;
    }
    let is_in_parentheses = before.rfind('(') > before.rfind(')') && after.contains(')');
    let around = || {
        let outside = [before.split('(').next(), after.rsplit(')').next()];
        outside.into_iter().flatten().flat_map(words).all(|word| Word::of(word).is_currency())
    };
    is_in_parentheses && around()
}

/// A number with what stands between its digits.
struct Number {
    start: usize,
    end: usize,
    /// The digits between the separators; the first is empty in `.50`.
    groups: Vec<String>,
    separators: Vec<char>,
    /// Whether a currency stands for the decimal point: `12€50`.
    has_currency: bool,
}

impl Number {
    fn read(chars: &[char], first: usize) -> Self {
        let at = |index: usize| chars.get(index).copied().unwrap_or(' ');
        let mut number =
            Self { start: first, end: first, groups: vec![String::new()], separators: Vec::new(), has_currency: false };
        if let Some(point) = first.checked_sub(1).filter(|point| matches!(at(*point), '.' | ',' | '٫')) {
            // After letters it ends an abbreviation: `Rs.50`.
            let is_after_word = point > 0 && (at(point - 1).is_alphanumeric() || matches!(at(point - 1), '/' | '.'));
            if !is_after_word {
                number.start = point;
                number.separators.push(at(point));
                number.groups.push(String::new());
            }
        }
        loop {
            while at(number.end).is_ascii_digit() {
                if let Some(group) = number.groups.last_mut() {
                    group.push(at(number.end));
                }
                number.end += 1;
            }
            let separator = at(number.end);
            let following = (number.end + 1..).take_while(|index| at(*index).is_ascii_digit()).count();
            let is_within = match separator {
                _ if following == 0 => false,
                '.' | ',' | '\'' | '_' | '٫' => true,
                ' ' => number.may_go_on_after_blank(following),
                symbol if is_currency_symbol(symbol) && following == 2 && number.separators.is_empty() => {
                    number.has_currency = true;
                    true
                }
                _ => false,
            };
            if !is_within {
                return number;
            }
            number.separators.push(separator);
            number.groups.push(String::new());
            number.end += 1;
        }
    }

    /// A blank is within a number only where it groups digits; else it stands between two numbers.
    fn may_go_on_after_blank(&self, following: usize) -> bool {
        let before = self.groups.last().map_or(0, String::len);
        let groups = if self.separators.is_empty() { (1..=3).contains(&before) } else { before == 3 };
        following == 3 && groups && self.separators.iter().all(|separator| *separator == ' ')
    }

    /// `31.12`, which before another point is a date.
    fn is_day_and_month(&self) -> bool {
        let part = |at: usize, most: u32| {
            let digits = self.groups.get(at).filter(|digits| digits.len() <= 2);
            digits.and_then(|digits| digits.parse().ok()).is_some_and(|part: u32| (1..=most).contains(&part))
        };
        self.separators == ['.'] && part(0, 31) && part(1, 12)
    }

    /// The digits before and after the decimal point.
    fn parts(&self, meaning: &Meaning) -> Option<(String, String)> {
        let last = self.separators.last().copied();
        let Some(last) = last else { return Some((self.groups.concat(), String::new())) };
        let (fraction, whole) = self.groups.split_last()?;
        let (_, grouping) = self.separators.split_last()?;
        let may_be_point = matches!(last, '.' | ',' | '٫') || self.has_currency;
        let is_point = may_be_point
            && !grouping.contains(&last)
            && (!grouping.is_empty() || last == '٫' || self.is_lone_point(last, whole, fraction, meaning));
        if is_point {
            return are_groups(whole, grouping).then(|| (whole.concat(), fraction.clone()));
        }
        are_groups(&self.groups, &self.separators).then(|| (self.groups.concat(), String::new()))
    }

    /// Whether the only separator is a decimal point. Three digits after it are thousands, unless what comes before
    /// cannot be the head of a grouped number.
    fn is_lone_point(&self, point: char, whole: &[String], fraction: &str, meaning: &Meaning) -> bool {
        let whole = whole.concat();
        fraction.len() != 3
            || whole.is_empty()
            || whole.starts_with('0')
            || whole.len() > 3
            || (point == '.' && meaning.has_mills)
            || meaning.magnitude >= 6
    }
}

/// Whether digits are grouped as somewhere in the world: by three, or in India by two with three at the end.
fn are_groups(groups: &[String], separators: &[char]) -> bool {
    let Some((first, rest)) = groups.split_first() else { return false };
    let Some((last, middle)) = rest.split_last() else { return separators.is_empty() };
    let is_same = separators.windows(2).all(|pair| pair.first() == pair.last());
    let by_three = (1..=3).contains(&first.len()) && middle.iter().all(|group| group.len() == 3);
    let by_two = (1..=2).contains(&first.len()) && middle.iter().all(|group| group.len() == 2);
    is_same && last.len() == 3 && (by_three || by_two) && !first.starts_with('0')
}

/// What the words around a number say of it.
struct Meaning {
    /// The power of ten that it is meant times.
    magnitude: i32,
    /// Whether the currency has three decimals.
    has_mills: bool,
    /// Whether there is one.
    has_currency: bool,
}

impl Meaning {
    /// `None` where they do not speak of money. Beside a currency any word may stand; without one only those that are
    /// said of sums.
    fn of(before: &str, after: &str, number: &Number) -> Option<Self> {
        let mut meaning = Self { magnitude: 0, has_mills: false, has_currency: false };
        let mut has_currency = number.has_currency;
        let mut others = Vec::new();
        // A letter before few digits names a quarter or a room: `Q3`.
        let is_short = number.groups.iter().map(String::len).sum::<usize>() < 3
            && !words(after).next().is_some_and(|word| matches!(Word::of(word), Word::Magnitude(_)));
        let nearest = words(before).last();
        let of_word = |word: &str| match word {
            _ if is_short && is_letter(word) => Word::Other,
            _ if nearest == Some(word) && is_one_of(BEFORE, word) => Word::Currency { has_mills: false, magnitude: 0 },
            _ => Word::of(word),
        };
        let is_in_rupees = words(before).last().is_some_and(|word| is_one_of(RUPEES, word));
        let mut before: Vec<(&str, Word)> = words(before).map(|word| (word, of_word(word))).collect();
        if let Some((word, Word::Currency { has_mills, magnitude })) = before.last() {
            meaning.has_mills |= *has_mills;
            meaning.magnitude += magnitude;
            has_currency |= !is_one_of(WORDS_TOO, word);
            before.pop();
        }
        // `Mio. € 5`: what is meant times what is not sure.
        if matches!(before.last(), Some((_, Word::Magnitude(_)))) {
            return None;
        }
        others.extend(before.into_iter().map(|(_, word)| word));
        let first = words(after).next();
        let named = words(after).find(|word| matches!(Word::of(word), Word::Currency { .. }));
        // `3 all inclusive`
        if named == Some("all") && words(after).nth(1).is_some() {
            return None;
        }
        let of_word = |word: &str| match word {
            // Litres, but after rupees a lakh.
            "l" if first == Some(word) => {
                if is_in_rupees {
                    Word::Magnitude(5)
                } else {
                    Word::Other
                }
            }
            // Thousands where money follows, else tons.
            "t" if first == Some(word) && words(after).nth(1).is_some_and(|next| currency(next).is_some()) => {
                Word::Magnitude(3)
            }
            "mil" if first == Some(word) => mil(after, named),
            _ => Word::of(word),
        };
        let is_time = first.is_some_and(|word| is_one_of(TIMES, word)) && !after.trim_start().starts_with('/');
        let behind = words(after).nth(1).filter(|word| !is_letter(word) || *word == "k");
        let behind = behind.and_then(|word| MAGNITUDES.iter().find(|(_, known)| is_one_of(known, word)));
        let mut after = words(after).map(of_word).peekable();
        while let Some(Word::Magnitude(power)) = after.peek() {
            meaning.magnitude += power;
            after.next();
        }
        if let Some(Word::Currency { has_mills, magnitude }) = after.peek() {
            meaning.magnitude += magnitude;
            meaning.has_mills |= *has_mills;
            has_currency |= named.is_none_or(|word| !is_one_of(WORDS_TOO, word));
            after.next();
            // `5 € Mio.`
            if let Some((power, _)) = behind.filter(|_| meaning.magnitude == 0) {
                meaning.magnitude = *power;
            }
        }
        others.extend(after);
        meaning.has_currency = has_currency;
        let is_money =
            has_currency || !is_time && others.iter().all(|word| matches!(word, Word::OfSums | Word::Currency { .. }));
        is_money.then_some(meaning)
    }
}

/// `mil` is a thousand to who speaks Spanish or Portuguese, and short for a million to others.
fn mil(after: &str, named: Option<&str>) -> Word {
    let is_short = after.trim_start().starts_with("mil.");
    match named {
        Some(currency) if is_one_of(MIL_IS_MILLION, currency) => Word::Magnitude(6),
        _ if is_short => Word::Other,
        _ => Word::Magnitude(3),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// A currency, alone or after a magnitude: `€`, `kEUR`.
    Currency {
        has_mills: bool,
        magnitude: i32,
    },
    /// A power of ten.
    Magnitude(i32),
    /// What is said of sums.
    OfSums,
    Other,
}

impl Word {
    fn of(word: &str) -> Self {
        if let Some(currency) = currency(word) {
            return currency;
        }
        if let Some(power) = magnitude(word) {
            return Self::Magnitude(power);
        }
        if is_one_of(OF_SUMS, word) {
            return Self::OfSums;
        }
        // A magnitude that is written together with its currency: `5 T€`, `5万円`, `2 mkr`; but `ml` is no million.
        let together = word.char_indices().skip(1).find_map(|(at, _)| {
            let (head, tail) = word.split_at_checked(at)?;
            let power = if head == "t" { Some(3) } else { magnitude(head) }?;
            let tail = tail.trim_start_matches('.');
            match currency(tail).filter(|_| !is_letter(tail))? {
                Self::Currency { has_mills, .. } => Some(Self::Currency { has_mills, magnitude: power }),
                _ => None,
            }
        });
        together.unwrap_or(Self::Other)
    }

    fn is_currency(self) -> bool {
        matches!(self, Self::Currency { magnitude: 0, .. })
    }
}

/// The words of a text in small letters, without the points and brackets around them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| matches!(c, ' ' | '(' | ')' | '[' | ']' | ':' | ';' | ',' | '!' | '?' | '"' | '=' | '*');
    text.split(is_between).flat_map(|word| {
        // Peru's and Panama's signs end in a slash.
        let sign = word.trim_matches('.');
        let is_sign = matches!(sign, "s/" | "b/");
        let parts = if is_sign { sign.split('\0') } else { word.split('/') };
        let is_around = |c: char| matches!(c, '.' | '\'' | '~' | '≈' | '<' | '>' | '+' | '-' | '≤' | '≥' | '|' | '&');
        // France's `d'euros`.
        parts
            .map(move |part| part.trim_matches(is_around))
            .map(|part| part.strip_prefix("d'").unwrap_or(part))
            .filter(|part| !part.is_empty())
    })
}

fn currency(word: &str) -> Option<Word> {
    let has_mills = is_one_of(MILLS, word);
    let letters = word.chars().filter(|c| !is_currency_symbol(*c)).count();
    // `US$`, `R$`, `€`; but `k€` is a thousand of them.
    let has_symbol = letters < word.chars().count() && letters <= 3 && {
        let rest: String = word.chars().filter(|c| !is_currency_symbol(*c)).collect();
        magnitude(&rest).is_none() && rest != "t"
    };
    let is_known =
        || is_one_of(CURRENCIES, word) || (word.contains('.') && is_one_of(CURRENCIES, &word.replace('.', "")));
    (has_mills || has_symbol || is_known()).then_some(Word::Currency { has_mills, magnitude: 0 })
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Not the cent's: what it stands beside are no whole ones.
fn is_currency_symbol(c: char) -> bool {
    matches!(c, '$' | '£'..='¥' | '֏' | '؋' | '߾' | '߿' | '৲' | '৳' | '৻' | '૱' | '௹' | '฿' | '៛' | '₠'..='⃀' | '꠸'
        | '﷼' | '﹩' | '＄' | '￡' | '￥' | '￦')
}

fn magnitude(word: &str) -> Option<i32> {
    let found = MAGNITUDES.iter().find(|(_, words)| is_one_of(words, word));
    found.map(|(power, _)| *power)
}

const MAGNITUDES: [(i32, &str); 7] = [
    (
        3,
        "k к thousand thousands thou thsd grand tsd tausend mil mille mila mii bin тыс тысяч тысячи тысяча тис тисяч тисячі хил хиляди \
         хиљада хиљаде хилјади tys tis tisíc tisic tisíce tysięcy tysiące tysiąc tysiac tisoč tisuća tisuce hiljada hiljade \
         tusen tusind duizend ezer tuhat tuhatta tuhannen þúsund þús tūkst tūkstoši tūkstančių χιλ χιλιάδες mijë \
         ribu rb ming elfu libo nghìn ngàn ngan พัน ພັນ ពាន់ ထောင် 千 천 हज़ार हजार হাজার ஆயிரம் వేలు હજાર ಸಾವಿರ ആയിരം ਹਜ਼ਾਰ ہزار \
         هزار ألف الف ألفا آلاف الاف אלף אלפים հազար ათასი мың миң",
    ),
    (4, "万 萬 만 หมื่น"),
    (5, "lakh lakhs lac lacs lkh लाख লাখ লক্ষ லட்சம் లక్ష లక్షలు લાખ ಲಕ್ಷ ലക്ഷം ਲੱਖ لاکھ သိန်း แสน"),
    (
        6,
        "m mm mn mln mio mill kk кк million millions millionen millones millón millon milhão milhões milhoes milioni \
         milione milion miliony milionów milionů milión milióny miliónov milioane milijun milijuna milijon milijona milijonų miljons \
         miljoni millió milió miljoen miljoner miljon miljonit miljoonaa milj milljón milljónir millj milyon млн миллион миллиона миллионов \
         мільйон мільйона мільйони мільйонів милион милиона милиони εκατ εκατομμύρια εκατομμύριο juta jt triệu trieu tr ล้าน ລ້ານ លាន \
         သန်း 백만 百万 मिलियन مليون ملايين میلیون ملین מיליון մլն მლნ",
    ),
    (7, "crore crores cr करोड़ करोड কোটি கோடி కోటి కోట్లు કરોડ ಕೋಟಿ കോടി ਕਰੋੜ کروڑ"),
    (8, "億 亿 억"),
    (
        9,
        "b bn bln billion billions billon mrd mld mlrd mia milliarde milliarden milliard milliards milliárd miliardi miliard miliarda \
         miliardy miliarde miliardów milijarda milijarde miljard miljarder milyar miliar bilhão bilhões млрд миллиард миллиарда миллиардов \
         мільярд милиард δισ مليار میلیارد מיליארד tỷ tỉ ty",
    ),
];

/// With them `mil` is a million: `5 mil. Kč`.
const MIL_IS_MILLION: &str = "kč kc kčs czk skk sk zł zl pln lei leu ron rsd din kn hrk лв bgn korun koruna";

/// What says that a sum is below nothing.
const BELOW_NOTHING: &str = "minus menos moins meno negative negativ negativo negativa минус мінус mínus mínusz miinus eksi ujemne ناقص \
    マイナス 负 負 마이너스 ลบ âm";

/// Currencies that are measures or pages where they come after a number.
const BEFORE: &str = "k p g ar rf zk km ks dt";

/// Currencies of which a thousandth is a coin.
const MILLS: &str = "bhd iqd jod kwd lyd omr tnd kd bd jd dt";

const RUPEES: &str = "rs re inr rupee rupees ₹ ₨ pkr npr lkr रु रू";

/// Currencies' codes that are words as well: beside other words they do not make a sum of what they stand by.
const WORDS_TOO: &str = "all try top pen cop bob gel mad mop sos bam ron real sol won";

/// The codes of ISO 4217, and what people write for them.
const CURRENCIES: &str = "\
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf clf clp cny \
    cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils \
    inr irr isk jmd jpy kes kgs khr kmf kpw krw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn \
    myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sdg sek sgd shp sle sll sos \
    srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs uah ugx usd uyu uzs ves vnd vuv wst xaf xcd xof xpf yer zar zmw \
    zwl che chw cou mxv usn uyi uyw ved vef xcg zwg cuc cnh btc eth usdt usdc rmb \
    euro euros eurós евро ευρώ dollar dollars dólar dólares dolar dolares dollari доллар доллара долларов usdollar bucks pound \
    pounds sterling quid rupee rupees rs re रुपये रुपया peso pesos real reais franc francs franken sfr fr frs ff krona \
    kronor krone kroner króna krónur kr kn kč kc kčs korun koruna koruny forint ft zł zl zloty złotych złoty złote лв лева \
    lev leva lei leu lek din дин динара ден денари руб р рубл рубль рубля рублей грн гривен тг тенге сум сом манат manat \
    драм лари lari yen yuan renminbi won baht บาท ringgit rm rp rupiah dong đồng đ vnđ tl lira liras lirası lire nis \
    shekel shekels ש\"ח שח rand r naira n cedi cedis gh₵ ksh kshs ush ushs tsh shilling shillings birr br tk taka dh dhs dirham \
    dirhams sr qr riyal riyals rial rials dinar dinars da fcfa cfa f le l.e egp. درهم ريال ریال تومان دينار جنيه ليرة دولار يورو د.إ ر.س \
    bs.f bs.s bs.d bsf bss dt ks so'm som сўм рупий рупия rupia rupias rupie रु रू रु. রু ரூ రూ રૂ ರೂ രൂ ਰੁ රු ريالات دراهم دنانير دولارات جنيها ليرات روبية روپے روپیہ \
    डॉलर यूरो euroa eurot євро эвро evra avro eurot dolara dolarů dolárov dolary dollaria доларів долари долара francos frank franki franków korony koron \
    korún kronen libra libras рублів гривень гривні tenge yuanes yenes টাকা теңге toman\
    د.ك ج.م ل.ل د.ت د.م د.ج 円 圆 元 圓 块 원 bs gs guaraní guaraníes guaranies soles sol s/ b/ q quetzales lempiras l colones \
    colón balboas bolívares bolivianos us u.s m.n mxp 人民币 人民幣";

/// Of which a number counts how many where nothing says that it is a sum: `1 year`.
const TIMES: &str = "month monat year jahr mo yr mes mois mese anno año ano an месяц год";

/// What may stand beside a sum without a currency.
const OF_SUMS: &str = "\
    ca circa approx approximately about around roughly nearly almost est estimated rund etwa ungefähr zirka ungefaehr env \
    environ à peu près aprox aproximadamente unos unas cerca de около примерно ок ongeveer omkring cirka noin około asi kb \
    budget deal value total sum price amount worth preis betrag summe gesamt gesamtwert wert prix montant total precio \
    presupuesto importe valor orçamento preço бюджет сумма prezzo importo is of a an the net gross netto brutto excl incl ex \
    inc excluding including exclusive inclusive vat mwst ust gst tax taxes tva iva ttc ht hors zzgl plus inkl exkl без с ндс \
    with without per pro par por al im month monthly monat monatlich year yearly annually annual jahr jährlich annum pa p.a \
    p.m pm mo yr mes mois mensuel mese anno año ano an месяц год once only nur max maximum up to bis flat fix fixed pauschal \
    one-time einmalig und and di do at min minimum minimal least from starting starts mindestens ab desde fino partir cca \
    dès até hasta bis zu \
    under over above below more less than most maybe perhaps probably possibly or so unter über mehr weniger als vielleicht \
    höchstens wohl knapp gut más menos que quizás talvez máximo mínimo maximo minimo acima abaixo mais più meno di oltre forse massimo \
    minimo jusqu'à plus moins que peut-être максимум минимум до от больше меньше чем примерно okolo max. överslag cirka ongeveer \
    maximaal minimaal co najmniej najwyżej yaklaşık en fazla btw moms mva ekskl eks iva incluida incluido senza";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{CURRENCIES, amount};

    fn read(value: &Value) -> Option<String> {
        amount(value).map(|amount| {
            let shown = amount.to_string();
            shown.trim_end_matches('0').trim_end_matches('.').to_owned()
        })
    }

    #[test]
    fn reads_amounts_as_people_write_them() {
        let table = [
            // One separator or none.
            ("1000", "1000"),
            ("1,000", "1000"),
            ("1.000", "1000"),
            ("1234.567", "1234.567"),
            ("12500.000", "12500"),
            ("0.125", "0.125"),
            ("0,250", "0.25"),
            ("0.250", "0.25"),
            ("0.25", "0.25"),
            (".5", "0.5"),
            ("$.50", "0.5"),
            ("99,9", "99.9"),
            ("5000.", "5000"),
            ("0", "0"),
            ("0,00", "0"),
            // Groups.
            ("1,000.50", "1000.5"),
            ("1.000,50", "1000.5"),
            ("1.234.567", "1234567"),
            ("1,234,567", "1234567"),
            ("1'234'567.89", "1234567.89"),
            ("1’234.50", "1234.5"),
            ("1 490,00", "1490"),
            ("1\u{a0}234\u{202f}567,8", "1234567.8"),
            ("12,34,567.89", "1234567.89"),
            ("1,23,456", "123456"),
            ("₹ 1,00,000", "100000"),
            ("1_000_000", "1000000"),
            ("1,234.567", "1234.567"),
            // Currencies before and after.
            ("Rs. 5,000", "5000"),
            ("Rs.5000", "5000"),
            ("Rs. 5,000.00", "5000"),
            ("Rs. 5,000/-", "5000"),
            ("rs 5000 only", "5000"),
            ("S/. 2500", "2500"),
            ("S/2,500.00", "2500"),
            ("B/. 12.50", "12.5"),
            ("1 490,00 руб.", "1490"),
            ("1490 р.", "1490"),
            ("kr.123.45", "123.45"),
            ("kr. 1.234,50", "1234.5"),
            ("1 234 kr", "1234"),
            ("R$ 99,9", "99.9"),
            ("R$1.234,56", "1234.56"),
            ("US$ 5,000", "5000"),
            ("US-$ 5.000", "5000"),
            ("5,000USD", "5000"),
            ("USD5000", "5000"),
            ("EUR 5.000,00", "5000"),
            ("5.000 €", "5000"),
            ("€5.000", "5000"),
            ("CHF 1'500.-", "1500"),
            ("Fr. 1500.—", "1500"),
            ("£1,234.56", "1234.56"),
            ("¥100,000", "100000"),
            ("１０，０００円", "10000"),
            ("5000元", "5000"),
            ("₩1,000,000", "1000000"),
            ("2500 zł", "2500"),
            ("12 500 Kč", "12500"),
            ("500 000 Ft", "500000"),
            ("Rp 1.500.000", "1500000"),
            ("12€50", "12.5"),
            ("KD 1.250", "1.25"),
            ("1.250 KWD", "1.25"),
            ("١٬٥٠٠٫٥٠ ر.س", "1500.5"),
            ("٥٠٠٠", "5000"),
            ("₹५०००", "5000"),
            ("\u{200e}$5,000\u{200f}", "5000"),
            ("+500", "500"),
            ("₹1,23,456.78", "123456.78"),
            ("12.500.000 COP", "12500000"),
            ("U$S 1500", "1500"),
            ("RD$ 1,500", "1500"),
            ("1500 U.S. dollars", "1500"),
            ("5000人民币", "5000"),
            ("۵٬۰۰۰٬۰۰۰ ریال", "5000000"),
            ("۱۲۳۴٫۵", "1234.5"),
            ("१२,३४,५६७", "1234567"),
            ("500 TRY net", "500"),
            // No cents.
            ("500,-", "500"),
            ("500,--", "500"),
            ("5000.-", "5000"),
            ("5.000,– €", "5000"),
            ("5000.—", "5000"),
            ("500:-", "500"),
            ("5000/=", "5000"),
            // Magnitudes.
            ("5k", "5000"),
            ("5K", "5000"),
            ("5 k€", "5000"),
            ("€5k", "5000"),
            ("$1.5k", "1500"),
            ("1,5k", "1500"),
            ("5 TEUR", "5000"),
            ("5 T€", "5000"),
            ("5 Tsd. Euro", "5000"),
            ("1.5 mio", "1500000"),
            ("1,5 Mio. €", "1500000"),
            ("1.250 Mio", "1250000"),
            ("$2M", "2000000"),
            ("2 million dollars", "2000000"),
            ("3 lakh", "300000"),
            ("1.2 Cr", "12000000"),
            ("50 mil reais", "50000"),
            ("50 тыс. руб.", "50000"),
            ("5万円", "50000"),
            ("2 mkr", "2000000"),
            ("100k per year", "100000"),
            ("Rs.1.5L", "150000"),
            ("₹ 2 L", "200000"),
            ("R15k", "15000"),
            ("300만원", "3000000"),
            ("Rp 5 jt", "5000000"),
            ("1,5 million d'euros", "1500000"),
            ("1 milione di euro", "1000000"),
            // Words that are said of sums.
            ("ca. 5000", "5000"),
            ("~5000", "5000"),
            ("approx. $5,000.00 USD (net)", "5000"),
            ("Budget: 5000", "5000"),
            ("5000 EUR per licence", "5000"),
            ("we can spend €5,000 on it", "5000"),
            ("5.000 netto", "5000"),
            ("500 + MwSt", "500"),
            ("500 MwSt", "500"),
            ("at least 5000", "5000"),
            ("ab 500", "500"),
            ("à partir de 500", "500"),
            ("5000/month", "5000"),
            // As programs write them.
            ("1000.0", "1000"),
            ("0.1e4", "1000"),
            ("0.125E2", "12.5"),
            ("1e3", "1000"),
            ("1234.56789", "1234.5678"),
            ("99999999.9999", "99999999.9999"),
        ];
        for (text, expected) in table {
            assert_eq!(read(&json!(text)).as_deref(), Some(expected), "{text}");
        }
    }

    /// `text|sum`, a line each, and nothing where it is none.
    #[test]
    fn reads_them_all_over_the_world() {
        let table = include_str!("amounts.txt");
        assert!(table.lines().count() > 500);
        for line in table.lines() {
            let (text, expected) = line.rsplit_once('|').unwrap();
            assert_eq!(read(&json!(text)).unwrap_or_default(), expected, "{text:?}");
        }
    }

    #[test]
    fn reads_every_currency_before_and_after() {
        let codes = CURRENCIES
            .split_ascii_whitespace()
            .take_while(|code| *code != "btc")
            .chain("bhd iqd jod kwd lyd omr tnd".split(' '));
        let mut count = 0;
        for code in codes {
            for code in [code.to_uppercase(), code.to_owned()] {
                for text in [
                    format!("{code} 1,234.50"),
                    format!("{code}1234.5"),
                    format!("1.234,50 {code}"),
                    format!("1234.50{code}"),
                    format!("{code}\u{202f}1\u{202f}234,50"),
                    format!("1'234.50 {code} net"),
                ] {
                    if code == "all" && text.ends_with("net") || code == "ALL" && text.ends_with("net") {
                        continue;
                    }
                    assert_eq!(read(&json!(text)).as_deref(), Some("1234.5"), "{text}");
                    assert_eq!(read(&json!(format!("-{text}"))), None, "-{text}");
                    count += 1;
                }
            }
        }
        assert!(count > 1_900, "{count}");
    }

    #[test]
    fn takes_nothing_from_what_is_no_sum_or_several() {
        let table = [
            "",
            "-.,",
            "none",
            "n/a",
            "tbd",
            "five thousand",
            "yes",
            // Several.
            "3 licences at 99.50",
            "5000-7000",
            "5000 – 7000",
            "5-7k",
            "between 5 and 10 thousand",
            "5000 or 6000",
            "$5,000 to $7,000",
            "5000 bis 7000 €",
            "2024: 5000",
            "5, 6",
            "5000 7000",
            "5½",
            "1.000/2.000",
            "10000 + 19% VAT",
            "€ 5.000 (2024)",
            // Something else.
            "3 licences",
            "12 users",
            "10%",
            "#4711",
            "01.05.2024",
            "2024-05-01",
            "10:30",
            "10.0.0.1",
            "+1 415 555 0182",
            "+49 30 901820",
            "Q3",
            "v1.2",
            "5 stars",
            "5 ml",
            "5 l",
            "5 kg",
            "R15",
            "3D",
            "1 year",
            "3 top licences",
            "10 pen drives",
            "50¢",
            "99 cents",
            "12.34.56",
            // Below nothing.
            "-5",
            "−5",
            "- 500",
            "-€500",
            "€-500",
            "€ -500",
            "(500)",
            "($500)",
            "EUR (500)",
            "500-",
            "500,00-",
            "-1e3",
            "5000 -",
            // More than there is.
            "100000000",
            "1e9",
            "9e99",
            "1e300",
            "5 billion",
            "999,999,999,999",
            "1e999999999999",
            "0.00001",
            // No groups.
            "1,0000,00",
            "1.23.4",
            "1,000 00",
            "1.234 567",
            "12 34",
        ];
        for text in table {
            assert_eq!(read(&json!(text)), None, "{text}");
        }
        assert_eq!(read(&json!("1".repeat(100_000))), None);
    }

    #[test]
    fn numbers_are_exact() {
        let table = [
            (json!(10), Some("10")),
            (json!(0.57), Some("0.57")),
            (json!(1234.5), Some("1234.5")),
            (json!(12.125), Some("12.125")),
            (json!(1.005), Some("1.005")),
            (json!(99_999_999.999_9), Some("99999999.9999")),
            (json!(0), Some("0")),
            (json!(-0.0), Some("0")),
            (json!(-5), None),
            (json!(1e300), None),
            (json!(1e8), None),
            (json!(1e-7), None),
            (json!(true), None),
            (json!(null), None),
            (json!([5]), None),
            (json!({"amount": 5}), None),
        ];
        for (value, expected) in table {
            assert_eq!(read(&value).as_deref(), expected, "{value}");
        }
        for cents in 0..10_000_u64 {
            let expected = format!("{}.{:02}", cents / 100, cents % 100);
            let expected = expected.trim_end_matches('0').trim_end_matches('.');
            assert_eq!(read(&json!(cents as f64 / 100.0)).as_deref(), Some(expected));
        }
    }
}
