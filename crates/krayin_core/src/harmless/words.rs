/// The words of a text, without tags, entities and signs that code is made of.
pub(crate) fn words(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let end = if from.starts_with('<') { '>' } else { ';' };
        let ends = from.find(end).filter(|at| end == '>' || *at < 10);
        text.push(' ');
        rest = ends.and_then(|at| from.get(at + 1..)).or_else(|| from.get(1..)).unwrap_or_default();
    }
    text.push_str(rest);
    let kept = |c: char| if c.is_alphanumeric() || ".,!?:@+-".contains(c) { c } else { ' ' };
    let plain: String = text.chars().map(kept).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
