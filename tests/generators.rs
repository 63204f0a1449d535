//! What the property tests make up.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// JSON of any shape, whose leaves are simple values and those of `leaf`.
pub fn json(
    leaf: impl Strategy<Value = Value> + 'static,
    key: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        leaf,
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..4)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A text of those that break things.
pub fn odd_text() -> impl Strategy<Value = String> {
    let odd = vec![
        "",
        " ",
        "\u{0}",
        "\u{7}\u{1b}[31m",
        "Jane Doe",
        "O'Brien \"JD\"",
        "Zoë Łukasz 日本 👋🏽",
        "👩‍👩‍👧‍👦",
        "\u{202e}evil\u{202c}",
        "e\u{301}\u{301}\u{301}",
        "a:b;c,d",
        "%",
        "_",
        "%_%",
        "\\",
        "<script>alert(1)</script>",
        "</b></i>",
        "null",
        "0",
        "-1",
        "Acme, Inc.",
        "Ünïcödé GmbH & Co. KG",
        "\u{feff}bom",
        "line\nbreak\r\ntab\t",
        "'; DROP TABLE persons; --",
    ];
    prop_oneof![
        4 => prop::sample::select(odd).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => ("\\PC{1,3}", 60_usize..400).prop_map(|(piece, times)| piece.repeat(times)),
        1 => Just("long ".repeat(30_000)),
    ]
}

/// Text made of what means something to one of the converters.
pub fn markup() -> impl Strategy<Value = String> {
    let tokens = prop::sample::select(vec![
        "**",
        "*",
        "_",
        "__",
        "`",
        "```",
        "~~~",
        "[",
        "](",
        ")",
        "![",
        "https://a.example",
        "<https://b.example>",
        "mailto:",
        "javascript:",
        "<p>",
        "</p>",
        "<br>",
        "<a href=",
        "<a href=\"https://c.example\">",
        "</a>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<li>",
        "<pre>",
        "\"",
        "'",
        "&",
        "&amp;",
        "&#60;",
        "&#0;",
        "<",
        ">",
        "\n",
        "\r\n",
        "\\",
        " ",
        "\t",
        "- ",
        "1. ",
        "# ",
        ",",
        "x",
        "سارة",
        "日本",
        "👋🏽",
        "é",
        "\u{0}",
        "\u{202e}",
        "\u{2068}",
        "\u{a0}",
        "\u{85}",
    ]);
    let mixed = prop::collection::vec(tokens, 0..60).prop_map(|tokens| tokens.concat());
    prop_oneof![60 => mixed, 6 => any::<String>(), 1 => (any::<char>(), 60_000_usize..150_000).prop_map(|(c, count)| c.to_string().repeat(count))]
}

/// Text made of what runs on a page, or comes near to it.
pub fn hostile_text() -> impl Strategy<Value = String> {
    let tokens = vec![
        "{",
        "}",
        "{{",
        "}}",
        "{ {",
        "\0",
        " ",
        "\u{200b}",
        "\u{feff}",
        "&#123;",
        "&#x7b",
        "&lcub;",
        "&rbrace;",
        "&#125;",
        "&amp;",
        "&",
        "#123;",
        "<",
        ">",
        "<b>",
        "</b>",
        "<br>",
        "<img src=x onerror=alert(9)>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<a href=\"https://a.example/{{x}}\">",
        "<a href=\"javascript:x\">",
        "</a>",
        "'",
        "\"",
        "`",
        "\\",
        "\n",
        "\r",
        "\u{2028}",
        "\u{2029}",
        "\u{85}",
        "v-html",
        "7*7",
        "Jane",
        "é",
        "日本",
        "👋🏽",
        "$",
        "%",
        "@",
    ];
    let piece = prop_oneof![4 => prop::sample::select(tokens).prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// E-mail addresses as people have them and as they mistype them.
pub fn email() -> impl Strategy<Value = String> {
    let odd = vec![
        "jane@example.com",
        "JANE@EXAMPLE.COM",
        "jane.doe+tag@sub.example.co.uk",
        "j@x.y",
        "a@b.c",
        "a@b",
        "zoë@example.com",
        "jane@exämple.com",
        "用户@例え.jp",
        "\"jane doe\"@example.com",
        "jane@[127.0.0.1]",
        "jane@example.com.",
        "jane@-a.com",
        "jane@localhost",
        "o'brien@example.com",
        "jane@example..com",
        ".jane@example.com",
        "jane @example.com",
        "jane@example.com ",
        "jane;x@example.com",
        "j:x@example.com",
        "{jane}@example.com",
        "jane@example.c",
        "1@2.3",
        "jane%@example.com",
        "_@_._",
        "jane/x@example.com",
        "jane@example_x.com",
        "chatwoot-1@chatwoot.invalid",
        "jane@123.com",
        "jane@example.123",
        "~!#$&*+=?^`|@example.com",
        "jane..doe@example.com",
        "jane.@example.com",
    ];
    prop_oneof![
        6 => prop::sample::select(odd).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}@[a-zA-Z0-9.-]{1,20}",
        1 => "\\PC{1,10}@\\PC{1,10}",
        1 => (1_usize..300).prop_map(|length| format!("{}@example.com", "a".repeat(length))),
        1 => (1_usize..80).prop_map(|length| format!("jane@{}.com", "a".repeat(length))),
    ]
}

/// Numbers likewise.
pub fn phone() -> impl Strategy<Value = String> {
    let odd = vec![
        "+14155550182",
        "(415) 555-0182",
        "0815 4711 99",
        "+49 30 901820",
        "+1",
        "123",
        "911",
        "+999999999999999999",
        "+1 415 555 0182 ext. 5",
        "tel:+14155550182",
        "00493090182",
        "whatsapp:+14155550182",
        "٠١٢٣٤٥٦٧٨٩",
        "+0",
        "-",
        "1e9",
    ];
    prop_oneof![4 => prop::sample::select(odd).prop_map(str::to_owned), 1 => "[+]?[0-9 ()./-]{3,24}", 1 => any::<String>()]
}

/// A moment as Chatwoot writes it, in seconds or as text.
pub fn instant() -> impl Strategy<Value = Value> {
    let seconds = prop_oneof![0_i64..4_000_000_000, any::<i64>()].prop_map(Value::from);
    let written = (0..10_000, 0..14, 0..33, 0..25, 0..61).prop_map(|(year, month, day, hour, minute)| {
        Value::from(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"))
    });
    prop_oneof![seconds, written]
}
