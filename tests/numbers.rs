//! Phone numbers of every country in spellings that nobody has written down: found in Krayin, and no second person made.
//!
//! `NUMBERS=40 cargo test -p krayin_tests --test numbers -- --nocapture` tries so many spellings of each in each direction.

use std::env;

use krayin_core::phone;
use krayin_sim::Server;
use krayin_tests::{ALL_SERVERS, World, report};
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberType, PhoneNumberUtil};
use serde_json::json;

const KINDS: [PhoneNumberType; 11] = [
    PhoneNumberType::FixedLine,
    PhoneNumberType::Mobile,
    PhoneNumberType::FixedLineOrMobile,
    PhoneNumberType::TollFree,
    PhoneNumberType::PremiumRate,
    PhoneNumberType::SharedCost,
    PhoneNumberType::VoIP,
    PhoneNumberType::PersonalNumber,
    PhoneNumberType::Pager,
    PhoneNumberType::UAN,
    PhoneNumberType::VoiceMail,
];

/// One of the examples that a country's plan gives.
struct Example {
    region: String,
    code: String,
    /// The number within its country, without what is dialled before it.
    significant: String,
    /// As it is dialled within its country, in the plan's own groups.
    national: String,
    /// The same groups after the country's code.
    international: String,
    e164: String,
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn examples() -> Vec<Example> {
    let plans = PhoneNumberUtil::new().unwrap();
    let mut examples: Vec<Example> = Vec::new();
    for region in plans.get_supported_regions() {
        for kind in KINDS {
            let Ok(number) = plans.get_example_number_for_type_and_region(region, kind) else { continue };
            examples.push(Example::of(&plans, &number, &format!("{region:?}").to_uppercase()));
        }
    }
    examples.sort_by(|a, b| a.e164.cmp(&b.e164));
    examples.dedup_by(|a, b| a.e164 == b.e164);
    assert!(examples.len() > 990, "{}", examples.len());
    examples
}

impl Example {
    fn of(plans: &PhoneNumberUtil, number: &PhoneNumber, region: &str) -> Self {
        let text = |form| plans.format(number, form).into_owned();
        let (e164, international) = (text(PhoneNumberFormat::E164), text(PhoneNumberFormat::International));
        let code = number.country_code.to_string();
        Self {
            region: region.to_owned(),
            significant: e164[code.len() + 1..].to_owned(),
            national: text(PhoneNumberFormat::National),
            international: international[code.len() + 1..].trim().to_owned(),
            e164,
            code,
        }
    }

    fn has_trunk_zero(&self) -> bool {
        digits(&self.national) == format!("0{}", self.significant)
    }

    /// Whether the digits after another code for abroad are another number: `009 1 246 250 1234` is India's as well.
    fn is_anothers(&self, base: &str) -> bool {
        let digits = digits(base);
        digits.starts_with('0') && phone::e164(&digits, None).is_some_and(|number| number != self.e164)
    }

    /// Whether what comes after a code that few countries dial could be a number at home.
    fn is_short_abroad(&self, base: &str) -> bool {
        let is_rare = ["010", "001", "009", "810", "8~10", "002", "119"].iter().any(|head| base.starts_with(head));
        is_rare && self.e164.len() <= 10
    }

    /// The ways in which the country and the number come together; the flag says whether the country is told.
    fn bases(&self) -> Vec<(String, bool)> {
        let (code, rest) = (&self.code, &self.international);
        let mut told: Vec<String> = [
            "+", "+ ", "00", "00 ", "011 ", "0011 ", "010-", "810 ", "8~10 ", "001 ", "009 ", "002 ", "119 ", "+00",
            "+00 ",
        ]
        .iter()
        .map(|head| format!("{head}{code} {rest}"))
        .collect();
        told.extend([
            format!("(+{code}) {rest}"),
            format!("+({code}) {rest}"),
            format!("[+{code}] {rest}"),
            format!("{code} {rest} +"),
            format!("{code}{} +", self.significant),
            format!("++{code} {rest}"),
        ]);
        if self.has_trunk_zero() {
            told.extend(
                ["(0)", " (0) ", " ( 0 )", "[0]", "（0）", " 0"].iter().map(|zero| format!("+{code}{zero}{rest}")),
            );
            told.extend(["(0)", " (0) "].iter().map(|zero| format!("00{code}{zero}{rest}")));
            told.push(format!("{code} (0) {rest}"));
        }
        let mut home = vec![self.national.clone(), rest.clone(), self.significant.clone(), digits(&self.national)];
        match (&*self.code, self.significant.as_str()) {
            ("39", number) if number.starts_with('0') => told.push(format!("+39 {}", number.trim_start_matches('0'))),
            ("54", number) if number.starts_with('9') && number.len() == 11 => {
                told.push(format!("+54 {}", &number[1..]));
                // Buenos Aires, which is dialled as 11.
                if let Some(local) = number.strip_prefix("911") {
                    told.extend([format!("+54 11 15 {local}"), format!("+54 (0) 11 15 {local}")]);
                    home.extend([format!("011 15 {local}"), format!("11 15 {local}"), format!("(011) 15-{local}")]);
                }
            }
            ("52", number) if number.len() == 10 => {
                told.extend([format!("+52 1 {number}"), format!("+521{number}")]);
                home.extend(["044", "045", "01"].map(|head| format!("{head} {number}")));
            }
            ("55", number) if number.len() == 11 && number.as_bytes()[2] == b'9' && number.as_bytes()[3] >= b'6' => {
                let (area, local) = (&number[..2], &number[3..]);
                told.extend([
                    format!("+55 {area} {local}"),
                    format!("+55 ({area}) {local}"),
                    format!("+55 (0{area}) 9{local}"),
                    format!("+55 (0xx{area}) 9 {local}"),
                ]);
                home.extend([
                    format!("({area}) {local}"),
                    format!("0{area} 9 {local}"),
                    format!("0 15 {area} 9{local}"),
                    format!("021 {area} {local}"),
                    format!("(0xx{area}) 9{local}"),
                    format!("0xx{area} {local}"),
                    format!("(xx{area}) 9 {local}"),
                ]);
            }
            ("36", number) => home.push(format!("06 {number}")),
            ("7", number) if number.len() == 10 => {
                home.extend([format!("8 {number}"), format!("8 ({}) {}", &number[..3], &number[3..])])
            }
            _ => {}
        }
        told.into_iter().map(|text| (text, true)).chain(home.into_iter().map(|text| (text, false))).collect()
    }
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.roll(list.len())]
    }
}

const GAPS: [&str; 60] = [
    " ", "\u{a0}", "\u{1680}", "\u{2000}", "\u{2001}", "\u{2002}", "\u{2003}", "\u{2004}", "\u{2005}", "\u{2006}",
    "\u{2007}", "\u{2008}", "\u{2009}", "\u{200a}", "\u{202f}", "\u{205f}", "\u{3000}", "\t", "  ", "-", "\u{2010}",
    "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2015}", "\u{2212}", "\u{fe58}", "\u{fe63}", "\u{ff0d}",
    "\u{2043}", "\u{207b}", "\u{5be}", "\u{30fc}", "\u{301c}", "\u{ff5e}", "~", ".", "·", "•", "\u{2024}", "\u{ff0e}",
    "\u{3002}", "/", " / ", "\u{2044}", "\u{2215}", "\u{ff0f}", "\\", " - ", " – ", ". ", "_", "'", "’", "*", ":", "=",
    ", ", "-\u{ad}",
];

const UNSEEN: [&str; 24] = [
    "\u{200e}",
    "\u{200f}",
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{feff}",
    "\u{ad}",
    "\u{2060}",
    "\u{2061}",
    "\u{2062}",
    "\u{2063}",
    "\u{202a}",
    "\u{202c}",
    "\u{202d}",
    "\u{2066}",
    "\u{2069}",
    "\u{61c}",
    "\u{180e}",
    "\u{fe0e}",
    "\u{fe0f}",
    "\u{e0100}",
    "\u{34f}",
    "\u{20e3}",
    "\0",
];

const BEFORE: [&str; 34] = [
    "tel:",
    "Tel.: ",
    "TEL ",
    "Tel. / ",
    "Phone: ",
    "mob. ",
    "Mobile: ",
    "(Mobile) ",
    "WhatsApp: ",
    "whatsapp:",
    "callto:",
    "sms:",
    "☎ ",
    "📞",
    "📱 ",
    "✆",
    "№ ",
    "# ",
    "T ",
    "M: ",
    "p. ",
    "Cell ",
    "Тел. ",
    "моб: ",
    "هاتف: ",
    "جوال ",
    "电话：",
    "電話:",
    "携帯 ",
    "전화 ",
    "Handy: ",
    "Tél. : ",
    "Ｔｅｌ：",
    "tel://",
];

const BEHIND: [&str; 16] = [
    " ",
    ".",
    ",",
    ";",
    " (mobile)",
    " work",
    " - home",
    " [Handy]",
    " (WhatsApp)",
    "\n",
    "\u{200e}",
    " ✅",
    "?",
    " tel",
    " (праб)",
    "\u{a0}",
];

const ZEROS: [char; 4] = ['0', '\u{ff10}', '\u{660}', '\u{6f0}'];

fn decorate(base: &str, dice: &mut Dice) -> String {
    let mut text = base.to_owned();
    // Other groups than the plan's.
    if dice.roll(3) == 0 {
        let (head, tail) = text.split_at(text.find(' ').map_or(0, |at| at + 1));
        let mut grouped = head.to_owned();
        if tail.chars().all(|c| c.is_ascii_digit() || "- /.".contains(c)) {
            let mut left = 1 + dice.roll(4);
            for c in tail.chars().filter(char::is_ascii_digit) {
                if left == 0 {
                    grouped.push(' ');
                    left = 1 + dice.roll(4);
                }
                grouped.push(c);
                left -= 1;
            }
            text = grouped;
        }
    }
    let gap = *dice.of(&GAPS);
    let mixed = dice.roll(4) == 0;
    let zero = if dice.roll(4) == 0 { *dice.of(&ZEROS) } else { '0' };
    let unseen = dice.roll(3);
    let mut told = String::new();
    let mut may_bracket = dice.roll(5) == 0 && !text.contains(['(', '[', '（']);
    let mut groups = text.split(' ').filter(|group| !group.is_empty()).enumerate().peekable();
    while let Some((n, group)) = groups.next() {
        let gap = if mixed { *dice.of(&GAPS) } else { gap };
        let bracket = may_bracket && n > 0 && group.chars().all(|c| c.is_ascii_digit()) && groups.peek().is_some();
        let (open, close) =
            if bracket { *dice.of(&[("(", ")"), ("[", "]"), ("（", "）"), ("{", "}")]) } else { ("", "") };
        may_bracket &= !bracket;
        told.push_str(open);
        for c in group.chars() {
            match c.to_digit(10) {
                Some(digit) => told.push(char::from_u32(u32::from(zero) + digit).unwrap()),
                None if c == '+' && zero == '\u{ff10}' => told.push('＋'),
                None => told.push(c),
            }
            if unseen == 0 && dice.roll(4) == 0 {
                let unseen: &&str = dice.of(&UNSEEN);
                told.push_str(unseen);
            }
        }
        told.push_str(close);
        if groups.peek().is_some() {
            told.push_str(gap);
        }
    }
    let before = if dice.roll(5) == 0 { *dice.of(&BEFORE) } else { "" };
    let behind = if dice.roll(6) == 0 { *dice.of(&BEHIND[..14]) } else { "" };
    format!("{before}{told}{behind}")
}

/// A column as PHP writes it.
fn column(number: &str) -> String {
    let plain = json!([{"value": number, "label": "work"}]).to_string();
    let mut stored = String::new();
    for c in plain.chars() {
        match c {
            '/' => stored.push_str("\\/"),
            c if c.is_ascii() => stored.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| stored.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    stored
}

/// `LIKE '%pattern%'`.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split('%').all(|part| {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        true
    })
}

fn is_found(ours: &str, theirs: &str, country: Option<&str>) -> bool {
    let pattern =
        phone::e164(ours, country).map_or_else(|| phone::pattern_in(ours, country), |full| phone::pattern(&full));
    let ours = phone::e164(ours, country).unwrap_or_else(|| ours.to_owned());
    pattern.is_some_and(|pattern| is_like(&column(theirs), &pattern))
        && phone::same_in(theirs, &ours, country)
        && phone::same_in(&ours, theirs, country)
}

fn tries(usual: usize) -> usize {
    env::var("NUMBERS").ok().and_then(|tries| tries.parse().ok()).unwrap_or(usual)
}

#[derive(Default)]
struct Count {
    found: usize,
    missed: Vec<String>,
}

impl Count {
    fn see(&mut self, is_found: bool, what: impl FnOnce() -> String) {
        match is_found {
            true => self.found += 1,
            false => self.missed.push(what()),
        }
    }

    fn end(self, what: &str) {
        report(&format!("{what}: {} of {}", self.found, self.found + self.missed.len()));
        let few: Vec<_> = self.missed.iter().step_by(self.missed.len() / 60 + 1).collect();
        assert!(self.missed.is_empty(), "{what}: {} missed: {few:#?}", self.missed.len());
    }
}

#[test]
fn every_countrys_number_is_found_however_krayin_has_it() {
    let mut dice = Dice(1);
    let mut count = Count::default();
    for example in examples() {
        let bases = example.bases();
        for n in 0..tries(4) {
            let (base, _) = if n < bases.len() / 2 { &bases[n] } else { dice.of(&bases) };
            let theirs = decorate(base, &mut dice);
            if example.is_anothers(base) {
                continue;
            }
            count.see(is_found(&example.e164, &theirs, None), || format!("{} as {theirs:?}", example.e164));
        }
    }
    count.end("Krayin's spelling");
}

#[test]
fn every_countrys_number_finds_its_person_however_the_contact_has_it() {
    let mut dice = Dice(2);
    let mut count = Count::default();
    for example in examples() {
        let bases = example.bases();
        for _ in 0..tries(4) {
            let (base, is_told) = dice.of(&bases);
            let (base, is_told) = (base.as_str(), *is_told);
            if example.is_anothers(base) || example.is_short_abroad(base) {
                continue;
            }
            let country = (!is_told).then_some(&*example.region);
            let ours = decorate(base, &mut dice);
            count.see(is_found(&ours, &example.e164, country), || format!("{ours:?} for {} {country:?}", example.e164));
        }
    }
    count.end("the contact's spelling");
}

/// Of a person in Krayin with the address and number the contact's own: whether there is one person after it.
async fn makes_no_second(world: &World, n: usize, theirs: &str, ours: &str) -> bool {
    let client = world.client();
    let person = json!({"name": "J", "emails": [{"value": "j@example.com", "label": "work"}],
        "contact_numbers": [{"value": "+14155550100", "label": "home"}, {"value": theirs, "label": "work"}]});
    let known = client.create_person(person).await.unwrap().id;
    let outcome = world.contact("contact.created", json!({"id": n + 1, "name": "J", "phone_number": ours})).await;
    let is_one = outcome.ids.get("person") == Some(known) && world.sim.persons().len() == 1;
    // Numbers of several countries are written alike: each stands alone.
    for lead in world.sim.leads() {
        client.delete(&format!("leads/{}", lead["id"]), &[]).await.unwrap();
    }
    for person in world.sim.persons() {
        let persons = if world.server == Server::Documented { "persons" } else { "contacts/persons" };
        client.delete(&format!("{persons}/{}", person["id"]), &[]).await.unwrap();
    }
    is_one
}

#[tokio::test]
async fn every_countrys_number_makes_no_second_person() {
    let mut dice = Dice(3);
    let mut worlds = Vec::new();
    for server in ALL_SERVERS {
        worlds.push((World::connected(server).await, Count::default()));
    }
    let (each, examples) = (tries(4).div_ceil(4), examples());
    for (n, example) in examples.iter().enumerate() {
        let bases = example.bases();
        for turn in 0..each {
            for (at, (world, count)) in worlds.iter_mut().enumerate() {
                // Without a variable each number is tried on one of the servers.
                if each == 1 && n % ALL_SERVERS.len() != at {
                    continue;
                }
                let theirs = if world.server == Server::Documented {
                    // It compares digit by digit.
                    dice.of(&[&*example.national, &*example.e164, &*example.significant]).to_string()
                } else {
                    let (base, _) = dice.of(&bases);
                    if example.is_anothers(base) { example.national.clone() } else { decorate(base, &mut dice) }
                };
                let is_one = makes_no_second(world, n * each + turn, &theirs, &example.e164).await;
                count.see(is_one, || format!("{} as {theirs:?}", example.e164));
            }
        }
    }
    for (world, count) in worlds {
        count.end(&format!("{:?}", world.server));
    }
}

#[test]
fn an_extension_makes_another_number_however_it_is_written() {
    let heads = [
        " ext. ",
        " x",
        " x. ",
        "x",
        ";ext=",
        " #",
        "#",
        " доб. ",
        " (доб. ",
        " extension ",
        " Ext: ",
        " Ｅｘｔ ",
        " ramal ",
        " int. ",
        " 内線",
        " 分机 ",
        " ext no. ",
        ",,",
        " Durchwahl ",
        " wew. ",
    ];
    let mut dice = Dice(4);
    let mut count = Count::default();
    for example in examples().iter().filter(|example| !example.has_trunk_zero() || example.e164.len() > 8) {
        for _ in 0..tries(1) {
            let spelt = |dice: &mut Dice, extension: &str| {
                let head = *dice.of(&heads);
                let end = if head.contains('(') { ")" } else { "" };
                format!(
                    "{}{head}{extension}{end}",
                    dice.of(&[&*example.e164, &format!("+{} {}", example.code, example.international)])
                )
            };
            let (a, b, other) = (spelt(&mut dice, "57"), spelt(&mut dice, "57"), spelt(&mut dice, "58"));
            let is_right = phone::same(&a, &b)
                && !phone::same(&a, &other)
                && !phone::same(&a, &example.e164)
                && phone::e164(&a, None).is_none()
                && phone::pattern(&a).is_some_and(|pattern| is_like(&column(&b), &pattern));
            count.see(is_right, || format!("{a:?} {b:?} {other:?}"));
        }
    }
    count.end("extensions");
}

#[test]
fn a_number_beside_another_in_one_entry_is_found() {
    let gaps = [" / ", "/", ", ", "; ", ";", " | ", "\n", " or ", " oder ", " & ", " и ", "、"];
    let (mut dice, examples) = (Dice(5), examples());
    let mut count = Count::default();
    for example in examples.iter().filter(|example| example.significant.len() >= 7) {
        for _ in 0..tries(1) {
            let other = dice.of(&examples);
            if other.significant.len() < 7 || other.e164 == example.e164 {
                continue;
            }
            let (gap, is_first) = (*dice.of(&gaps), dice.roll(2) == 0);
            let [a, b] = if is_first { [example, other] } else { [other, example] };
            let theirs = format!("+{} {}{gap}+{} {}", a.code, a.international, b.code, b.international);
            count.see(is_found(&example.e164, &theirs, None), || format!("{} in {theirs:?}", example.e164));
        }
    }
    count.end("two in one entry");
}

#[test]
fn no_spelling_makes_a_number_of_another() {
    let (mut dice, examples) = (Dice(6), examples());
    let mut count = Count::default();
    for example in &examples {
        let bases = example.bases();
        for _ in 0..tries(2) {
            let (base, is_told) = dice.of(&bases);
            if example.is_anothers(base) {
                continue;
            }
            let theirs = decorate(base, &mut dice);
            // A neighbour in its own plan, and anybody's.
            let last = example.e164.chars().last().and_then(|c| c.to_digit(10)).unwrap_or_default();
            let neighbour =
                format!("{}{}", &example.e164[..example.e164.len() - 1], (last + 1 + dice.roll(8) as u32) % 10);
            let stranger = &dice.of(&examples).e164;
            let country = (!is_told).then_some(&*example.region);
            let is_same = |other: &str| other != example.e164 && phone::same_in(&theirs, other, country);
            let is_wrong = is_same(&neighbour) || is_same(stranger);
            count.see(!is_wrong, || format!("{theirs:?} for {neighbour} or {stranger}, {country:?}"));
        }
    }
    count.end("nobody else's");
}
