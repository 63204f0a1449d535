/// What stands for the earlier mail that a reply quotes.
pub(crate) const QUOTED: &str = "[quoted text hidden]";

/// So many lines of a quote between a reply's own are what it answers to.
const CONTEXT: usize = 3;

/// A header's lines stand together: among so many one more tells that it is one.
const HEADER: usize = 5;

/// How a program ends the line that names whom it quotes.
#[rustfmt::skip]
const WROTE: [&str; 76] = [
    "wrote:", "writes:", "schrieb:", "a écrit :", "a écrit:", "a écrit\u{a0}:", "escribió:", "escreveu:",
    "ha scritto:", "schreef:", "skrev:", "skrev følgende:", "kirjoitti:", "napisał:", "napisał(a):", "napsal(a):",
    "пише:", "пишет:", "写道：", "写道:", "napsal:", "napsala:", "napsal/a:", "napísal:", "napísala:", "napísal(a):",
    "napisał/a:", "pisze:", "je napisal:", "je napisal/-a:", "je napisao:", "je napisala:", "je napisao/la:",
    "a scris:", "a scris următoarele:", "ezt írta:", "şunu yazdı:", "şunları yazdı:", "yazdı:", "έγραψε:",
    "написа:", "написав:", "написала:", "написал:", "написал(а):", "писал:", "писал(а):", "rašė:", "rakstīja:",
    "kirjutas:", "va escriure:", "idatzi du:", "skrifaði:", "menulis:", "đã viết:", "เขียน:", "เขียนว่า:", "كتب:",
    "كتبت:", "نوشت:", "כתב:", "כתבה:", "מאת:", "のメール:", "さんは書きました:", "は書きました:", "が書きました:", "wrote：",
    "さんが書きました:", "님이 작성:", "님이 작성함:", "작성:", "寫道:", "寫道：", "het volgende geschreven:", "a écrit :",
];

/// The same in a sentence that goes on with whom and when.
const INTRODUCED: [&str; 2] = [" schrieb ", " ezt írta "];

/// What stands at a header's begin for who sent a mail.
#[rustfmt::skip]
const FROM: [&str; 48] = [
    "from", "von", "de", "da", "van", "från", "fra", "od", "от", "差出人", "发件人", "發件人", "寄件者", "보낸 사람", "보낸사람",
    "kimden", "gönderen", "feladó", "lähettäjä", "odesílatel", "de la", "expeditor", "από", "من", "מאת", "від",
    "від кого", "от кого", "từ", "người gửi", "จาก", "dari", "šalje", "pošiljatelj", "nuo", "saatja", "no", "frá",
    "expéditeur", "absender", "remitente", "remetente", "mittente", "afzender", "avsändare", "afsender", "nadawca",
    "отправитель",
];

/// What stands at the other lines of a header.
#[rustfmt::skip]
const ABOUT: [&str; 144] = [
    "sent", "date", "to", "subject", "cc", "gesendet", "datum", "an", "betreff", "envoyé", "à", "objet", "enviado",
    "enviado el", "enviada em", "fecha", "para", "asunto", "data", "assunto", "inviato", "a", "oggetto",
    "verzonden", "aan", "onderwerp", "skickat", "till", "ämne", "sendt", "til", "emne", "wysłano", "do", "temat",
    "отправлено", "кому", "тема", "dato", "reply-to", "送信日時", "日時", "日付", "宛先", "件名", "发送时间", "發送時間", "时间", "日期",
    "收件人", "主题", "主旨", "抄送", "傳送日期", "收件者", "副本", "보낸 날짜", "날짜", "받는 사람", "받는사람", "제목", "참조", "gönderildi", "tarih",
    "kime", "konu", "bilgi", "elküldve", "dátum", "címzett", "tárgy", "lähetetty", "päivämäärä", "vastaanottaja",
    "aihe", "kopio", "odesláno", "komu", "předmět", "kopie", "odoslané", "predmet", "kópia", "trimis", "către",
    "la", "subiect", "στάλθηκε", "ημερομηνία", "προς", "θέμα", "تم الإرسال", "تاريخ الإرسال", "إرسال", "التاريخ",
    "إلى", "الموضوع", "נשלח", "תאריך", "אל", "נושא", "надіслано", "дата", "изпратено", "до", "относно", "đã gửi",
    "ngày", "đến", "tới", "chủ đề", "ส่ง", "วันที่", "ถึง", "เรื่อง", "dikirim", "tanggal", "kepada", "ke",
    "subjek", "perihal", "poslano", "poslato", "prima", "za", "zadeva", "išsiųsta", "kam", "nosūtīts", "tēma",
    "saadetud", "adressaat", "teema", "kellele", "sent at", "efni", "verstuurd", "destinatario", "destinatário",
    "destinataire", "empfänger", "odbiorca", "получатель", "копия",
];

/// Lines that a program puts before the mail that is answered.
#[rustfmt::skip]
const ORIGINAL: [&str; 48] = [
    "original message", "original appointment", "ursprüngliche nachricht", "originalnachricht", "message d'origine",
    "message original", "mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht",
    "ursprungligt meddelande", "исходное сообщение", "opprinnelig melding", "oprindelig meddelelse",
    "alkuperäinen viesti", "oryginalna wiadomość", "wiadomość oryginalna", "původní zpráva", "pôvodná správa",
    "eredeti üzenet", "orijinal ileti", "orijinal mesaj", "özgün ileti", "mesaj original", "mesajul original",
    "原始邮件", "原始郵件", "元のメッセージ", "원본 메시지", "원본 메일", "original mail", "original-nachricht", "الرسالة الأصلية",
    "הודעה מקורית", "αρχικό μήνυμα", "вихідне повідомлення", "оригінальне повідомлення", "исходное письмо",
    "оригинално съобщение", "tin nhắn gốc", "thư gốc", "pesan asli", "missatge original", "izvorna poruka",
    "izvirno sporočilo", "ข้อความต้นฉบับ", "reply message", "oorspronkelijke bericht",
];

/// What a program puts before a mail that is passed on.
#[rustfmt::skip]
pub(super) const FORWARDED: [&str; 38] = [
    "forwarded message", "begin forwarded", "weitergeleitete nachricht", "mensaje reenviado",
    "mensagem encaminhada", "message transféré", "messaggio inoltrato", "пересылаемое сообщение",
    "doorgestuurd bericht", "vidarebefordrat meddelande", "videresendt melding", "videresendt meddelelse",
    "przekazana wiadomość", "wiadomość przekazana", "переслане повідомлення", "пересланное сообщение", "转发邮件",
    "转发的邮件", "轉寄郵件", "転送メッセージ", "転送されたメッセージ", "전달된 메시지", "전달된 메일", "iletilen mesaj", "iletilen ileti",
    "přeposlaná zpráva", "preposlaná správa", "edelleenlähetetty", "välitetty viesti", "továbbított üzenet",
    "mesaj redirecționat", "προωθημένο μήνυμα", "رسالة معاد توجيهها", "הודעה שהועברה", "tin nhắn được chuyển tiếp",
    "pesan terusan", "missatge reenviat", "proslijeđena poruka",
];

/// The lines of a mail's plain text, with one mark for each quote; `None` where it quotes nothing. What a mail only passes
/// on is no quote.
pub(crate) fn fold_quotes(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept: Vec<&str> = Vec::with_capacity(lines.len());
    let mut at = 0;
    let mut folded = false;
    let mut has_words = false;
    while let Some(line) = lines.get(at) {
        let rest = lines.get(at..).unwrap_or_default();
        if line.trim().is_empty() {
            kept.push(line);
            at += 1;
            continue;
        }
        if passes_on(line) {
            kept.extend(rest);
            break;
        }
        if has_words && ends_reply(rest) {
            folded = true;
            kept.push(QUOTED);
            break;
        }
        let named = introduction(rest).filter(|_| has_words).and_then(|length| rest.get(length..));
        if let Some(after) = named.filter(|after| after.iter().any(|line| !line.trim().is_empty())) {
            folded = true;
            kept.push(QUOTED);
            let blank = after.iter().take_while(|line| line.trim().is_empty()).count();
            let quote = quote(after.get(blank..).unwrap_or_default());
            // A quote without marks goes on to the end.
            at = if quote > 0 { lines.len() - after.len() + blank + quote } else { lines.len() };
            continue;
        }
        let quote = quote(rest);
        let is_last = || rest.get(quote..).is_none_or(|after| after.iter().all(|line| line.trim().is_empty()));
        if quote > 0 && (quote > CONTEXT || (has_words && is_last())) {
            folded = true;
            kept.push(QUOTED);
            at += quote;
        } else {
            kept.push(line);
            at += 1;
        }
        has_words = true;
    }
    folded.then(|| kept.join("\n"))
}

/// Whether the lines of a mail go on with the mail that it answers, whole and without marks.
pub(super) fn begins_answered(lines: &[&str]) -> bool {
    let is_introduced = || introduction(lines).is_some_and(|length| lines.len() > length);
    lines.first().is_some_and(|line| !passes_on(line)) && (ends_reply(lines) || is_introduced())
}

/// Whether a program puts `line` before a mail that is passed on.
pub(super) fn passes_on(line: &str) -> bool {
    let lower = line.trim().to_lowercase();
    FORWARDED.iter().any(|known| lower.contains(known)) && lower.chars().count() < 80
}

/// How many lines of a quote `lines` begin with, blank ones between them counted.
fn quote(lines: &[&str]) -> usize {
    let mut length = 0;
    for (count, line) in lines.iter().enumerate() {
        let line = line.trim_start();
        if is_quoted(line) {
            length = count + 1;
        } else if count == 0 || !line.is_empty() {
            break;
        }
    }
    length
}

/// `>` and a blank, another or nothing: `>500` is a sum.
fn is_quoted(line: &str) -> bool {
    line.strip_prefix('>').is_some_and(|rest| {
        rest.is_empty() || rest.starts_with([' ', '>', '\t', '\u{a0}']) || rest.starts_with(char::is_alphabetic)
    })
}

/// How many lines the sentence takes that names whom a quote is of: `On … wrote:`, on one line or broken in two or three.
fn introduction(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim();
    if first.is_empty() || first.len() > 300 {
        return None;
    }
    let mut whole = String::new();
    for (count, line) in lines.iter().take(3).enumerate() {
        let line = line.trim();
        if line.is_empty() {
            return None;
        }
        if count > 0 {
            whole.push(' ');
        }
        whole.push_str(line);
        let ends = || {
            let lower = whole.to_lowercase();
            WROTE.iter().any(|word| lower.ends_with(word))
                || INTRODUCED.iter().any(|word| lower.contains(word) && lower.ends_with(':'))
        };
        // A person writes "she wrote:", too: a program names a day or an address.
        if ends() && (whole.contains('@') || whole.chars().filter(char::is_ascii_digit).count() >= 3) {
            return Some(count + 1);
        }
    }
    None
}

/// Whether `lines` begin with what a program puts before the whole of the mail that is answered.
fn ends_reply(lines: &[&str]) -> bool {
    let Some(first) = lines.first().map(|line| line.trim().trim_matches('*')) else { return false };
    let bare =
        first.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | ' ' | '\u{2013}' | '\u{2014}')).to_lowercase();
    let is_ruled = first.starts_with(['-', '_', '=']);
    if is_ruled && ORIGINAL.iter().any(|known| bare == *known) {
        return true;
    }
    let after_rule = || lines.get(1..).unwrap_or_default().iter().skip_while(|line| line.trim().is_empty());
    if is_ruled && bare.is_empty() && first.len() > 9 { is_header(after_rule()) } else { is_header(lines.iter()) }
}

/// Whether `lines` begin with a mail's header: who sent it, and right after that when or to whom.
fn is_header<'a>(mut lines: impl Iterator<Item = &'a &'a str>) -> bool {
    let key = |line: &str| -> Option<String> {
        let (key, value) = line.trim().trim_start_matches('*').split_once([':', '：'])?;
        let value = value.trim_matches(|c: char| c == '*' || c.is_whitespace());
        (!value.is_empty() && key.chars().count() < 20).then(|| key.trim_end_matches('*').trim().to_lowercase())
    };
    let Some(first) = lines.next().and_then(|line| key(line)) else { return false };
    FROM.contains(&first.as_str())
        && lines.take(HEADER).filter_map(|line| key(line)).filter(|key| ABOUT.contains(&key.as_str())).count() >= 2
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{QUOTED, fold_quotes};

    #[test]
    fn folds_what_a_reply_quotes() {
        let table = [
            (
                "Yes!\n\nOn Tue, 24 Nov 2026 at 10:00, Jo <jo@example.com> wrote:\n> Lunch?\n> Jo",
                "Yes!\n\n[quoted text hidden]",
            ),
            (
                "Ja\n\nAm Di., 24. Nov. 2026 um 10:00 Uhr schrieb Jo Doe <\njo@example.com>:\n\n> Essen?",
                "Ja\n\n[quoted text hidden]",
            ),
            ("Oui\nLe mar. 24 nov. 2026 à 10:00, Jo <jo@example.com> a écrit :\n> ?", "Oui\n[quoted text hidden]"),
            (
                "Sim\nEm ter., 24 de nov. de 2026 às 10:00, Jo <jo@example.com>\nescreveu:\n> ?\n",
                "Sim\n[quoted text hidden]",
            ),
            ("Sí\nEl mar, 24 nov 2026 a las 10:00, Jo (<jo@example.com>) escribió:\n> ?", "Sí\n[quoted text hidden]"),
            (
                "Sì\nIl giorno mar 24 nov 2026 alle ore 10:00 Jo <jo@example.com> ha scritto:\n> ?",
                "Sì\n[quoted text hidden]",
            ),
            ("Ok\n\n-----Original Message-----\nFrom: Jo\nSent: today\nhello", "Ok\n\n[quoted text hidden]"),
            ("Ok\n\n-----Ursprüngliche Nachricht-----\nVon: Jo\nhallo", "Ok\n\n[quoted text hidden]"),
            (
                "Ok\n________________________________\nFrom: Jo <jo@example.com>\nSent: Tuesday\nTo: Me\nSubject: x\n\nhello",
                "Ok\n[quoted text hidden]",
            ),
            (
                "Ok\n\nVon: Jo <jo@example.com>\nGesendet: Dienstag\nAn: Mich\nBetreff: x\n\nhallo",
                "Ok\n\n[quoted text hidden]",
            ),
            (
                "Ok\n\n*De:* Jo <jo@example.com>\n*Enviado:* martes\n*Para:* mí\n*Asunto:* x\n\nhola",
                "Ok\n\n[quoted text hidden]",
            ),
            ("One\n> a\n> b\n> c\n> d\nTwo", "One\n[quoted text hidden]\nTwo"),
            (
                "Ok\nOn 24 Nov 2026, at 10:00, Jo <jo@example.com> wrote:\n\nno marks here\nat all",
                "Ok\n[quoted text hidden]",
            ),
        ];
        for (mail, expected) in table {
            assert_eq!(fold_quotes(mail).as_deref(), Some(expected), "{mail}");
        }
        for introduction in [
            "W dniu wt., 24 lis 2026 o 10:00 Jo <jo@example.com> napisał(a):",
            "út 24. 11. 2026 v 10:00 odesílatel Jo <jo@example.com> napsal:",
            "Jo <jo@example.com> ezt írta (időpont: 2026. nov. 24., K, 10:00):",
            "Jo <jo@example.com>, 24 Kas 2026 Sal, 10:00 tarihinde şunu yazdı:",
            "În mar., 24 nov. 2026 la 10:00, Jo <jo@example.com> a scris:",
            "Στις Τρί 24 Νοε 2026 στις 10:00, Jo <jo@example.com> έγραψε:",
            "вт, 24 нояб. 2026 г. в 10:00, Jo <jo@example.com>:\n> ?\nвт, 24 нояб. 2026 г. Jo <jo@example.com> написал(а):",
            "вт, 24 лист. 2026 р. о 10:00 Jo <jo@example.com> пише:",
            "2026年11月24日(火) 10:00 Jo <jo@example.com>さんが書きました:",
            "2026년 11월 24일 (화) 오전 10:00, Jo <jo@example.com>님이 작성:",
            "Jo <jo@example.com> 于2026年11月24日周二 10:00写道：",
            "Jo <jo@example.com> 於 2026年11月24日 週二 10:00寫道：",
            "Vào Th 3, 24 thg 11, 2026 vào lúc 10:00 Jo <jo@example.com> đã viết:",
            "Pada Sel, 24 Nov 2026 10:00, Jo <jo@example.com> menulis:",
            "في الثلاثاء، 24 نوفمبر 2026 10:00، كتب Jo <jo@example.com>:\n> ؟\nفي 24 نوفمبر 2026 Jo <jo@example.com> كتب:",
            "Op di 24 nov 2026 om 10:00 schreef Jo <jo@example.com>:\n> ?\nOp di 24 nov 2026 Jo <jo@example.com> schreef:",
            "ti 24. marrask. 2026 klo 10.00 Jo (jo@example.com) kirjoitti:",
        ] {
            let mail = format!("Yes!\n\n{introduction}\n> Lunch?\n> Jo");
            let folded = fold_quotes(&mail).unwrap_or_default();
            assert!(
                folded.starts_with("Yes!\n\n[quoted text hidden]") && !folded.contains("Lunch"),
                "{mail}: {folded}"
            );
        }
        for header in [
            ["От: Jo", "Отправлено: вторник", "Кому: Мне", "Тема: x"],
            ["差出人: Jo", "送信日時: 2026年", "宛先: 私", "件名: x"],
            ["发件人: Jo", "发送时间: 2026年", "收件人: 我", "主题: x"],
            ["보낸 사람: Jo", "보낸 날짜: 2026년", "받는 사람: 나", "제목: x"],
            ["Kimden: Jo", "Gönderildi: Salı", "Kime: Ben", "Konu: x"],
            ["Feladó: Jo", "Elküldve: kedd", "Címzett: Én", "Tárgy: x"],
            ["Lähettäjä: Jo", "Lähetetty: tiistai", "Vastaanottaja: Minä", "Aihe: x"],
            ["Od: Jo", "Odesláno: úterý", "Komu: Mně", "Předmět: x"],
            ["De la: Jo", "Trimis: marți", "Către: Mine", "Subiect: x"],
            ["Από: Jo", "Στάλθηκε: Τρίτη", "Προς: Εμένα", "Θέμα: x"],
            ["من: Jo", "تم الإرسال: الثلاثاء", "إلى: أنا", "الموضوع: x"],
            ["מאת: Jo", "נשלח: יום שלישי", "אל: אני", "נושא: x"],
            ["Van: Jo", "Verzonden: dinsdag", "Aan: Mij", "Onderwerp: x"],
        ] {
            let mail = format!("Ok\n\n{}\n\nhello", header.join("\n"));
            assert_eq!(fold_quotes(&mail).as_deref(), Some("Ok\n\n[quoted text hidden]"), "{mail}");
        }
        for rule in [
            "-----Opprinnelig melding-----",
            "------------------ 原始邮件 ------------------",
            "----- 元のメッセージ -----",
        ] {
            assert_eq!(
                fold_quotes(&format!("Ok\n{rule}\nJo\nhello")).as_deref(),
                Some("Ok\n[quoted text hidden]"),
                "{rule}"
            );
        }
        assert!(QUOTED.starts_with('['));
    }

    #[test]
    fn keeps_what_is_the_mails_own() {
        for mail in [
            "Hello\nworld",
            "> is it free?\nYes\n> and today?\nNo",
            "---------- Forwarded message ---------\nFrom: Jo <jo@example.com>\nDate: today\nSubject: x\nTo: me\n\nhello",
            "From: Berlin\nTo: Paris\nhow much is it?",
            "Please change\nfrom: 5\nto: 7",
            "She wrote:\nnothing",
            "We are\n>500 people",
            "a\n-----\nb",
            "",
            "\n\n>",
        ] {
            assert_eq!(fold_quotes(mail), None, "{mail}");
        }
    }

    #[test]
    fn takes_no_longer_for_mails_made_to_take_long() {
        for pattern in ["\n", ">\n", "> a\nb\n", "a\n\n", "----------\n", "On 2026 @ wrote:\n", "From: a\nTo: b\n"] {
            let start = Instant::now();
            fold_quotes(&pattern.repeat(150_000 / pattern.len()));
            // Linear work takes less than a second unoptimised, quadratic work minutes.
            assert!(start.elapsed() < Duration::from_secs(10), "{pattern:?}: {:?}", start.elapsed());
        }
    }
}
