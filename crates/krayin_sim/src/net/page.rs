//! What a person sees: `/` shows persons and leads by stage, `/leads/{id}` and `/persons/{id}` a timeline with its notes
//! as Krayin renders them. The pages keep up with what arrives.

use serde_json::Value;

use crate::api::message::{Request, Response};
use crate::crm::Crm;
use crate::data::input::leading_number;
use crate::net::shared::Shared;

/// How many persons the first page shows; with more it says so.
const SHOWN: usize = 200;

/// Is this path a page?
pub(crate) fn is_ours(path: &str) -> bool {
    path == "/" || path.starts_with("/leads/") || path.starts_with("/persons/")
}

/// Renders a page.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Response {
    let state = shared.lock();
    let crm = &state.crm;
    let record = |prefix| request.path.strip_prefix(prefix).and_then(leading_number);
    let (status, title, main) = if request.path == "/" {
        (200, "Krayin".to_owned(), overview(crm))
    } else if let Some(found) = record("/leads/").and_then(|id| lead(crm, id)) {
        found
    } else if let Some(found) = record("/persons/").and_then(|id| person(crm, id)) {
        found
    } else {
        (404, "Not there".to_owned(), "<h1>Not there</h1><p>There is no such record.</p>".to_owned())
    };
    let document = document(&title, &main, crm.version);
    Response {
        status,
        headers: vec![
            ("content-type", "text/html; charset=utf-8".into()),
            ("cache-control", "no-store".into()),
            // Notes are written by others: nothing of theirs may run or be loaded.
            ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'".into()),
        ],
        body: document.into_bytes(),
    }
}

/// Text made safe between tags and inside quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn or_dash(text: &str) -> String {
    if text.trim().is_empty() { "<span class=quiet>—</span>".into() } else { escape(text) }
}

fn entries(record: &Value, field: &str) -> String {
    let list = record.get(field).and_then(Value::as_array).into_iter().flatten();
    let values: Vec<String> =
        list.map(|entry| escape(text(entry, "value"))).filter(|value| !value.is_empty()).collect();
    if values.is_empty() { "<span class=quiet>—</span>".into() } else { values.join("<br>") }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn overview(crm: &Crm) -> String {
    let mut page = format!(
        "<h1>Krayin</h1><p class=quiet>{}, {}, {}</p>",
        plural(crm.leads.len(), "lead", "leads"),
        plural(crm.persons.len(), "person", "persons"),
        plural(crm.organizations.len(), "organization", "organizations"),
    );
    for pipeline in crm.pipelines.iter() {
        page.push_str(&format!("<h2>{}</h2><div class=board>", escape(&pipeline.name)));
        for stage in &pipeline.stages {
            let leads: Vec<_> = crm.leads.iter().rev().filter(|lead| lead.stage_id == Some(stage.id)).collect();
            page.push_str(&format!(
                "<section><h3>{} <span class=quiet>{}</span></h3>",
                escape(&stage.name),
                leads.len()
            ));
            for lead in leads.iter().take(SHOWN) {
                let person = lead.person_id.and_then(|id| crm.persons.get(id));
                let name = person.and_then(|person| person.name.as_deref()).unwrap_or_default();
                page.push_str(&format!(
                    "<a class=card href=\"/leads/{}\"><b>{}</b><span class=quiet>{}</span><span>{}</span></a>",
                    lead.id,
                    or_dash(&lead.title),
                    escape(name),
                    crate::model::lead::price(lead.value),
                ));
            }
            page.push_str("</section>");
        }
        page.push_str("</div>");
    }
    page.push_str("<h2>Persons</h2>");
    if crm.persons.len() == 0 {
        page.push_str("<p class=quiet>Nobody yet.</p>");
        return page;
    }
    page.push_str(
        "<div class=wide><table><thead><tr><th>Name<th>E-mail<th>Phone<th>Job title<th>Organization</tr></thead><tbody>",
    );
    for person in crm.persons.iter().rev().take(SHOWN) {
        let shown = crm.show_person(person);
        let organization = shown.get("organization").map(|organization| text(organization, "name"));
        page.push_str(&format!(
            "<tr><td><a href=\"/persons/{}\">{}</a><td>{}<td>{}<td>{}<td>{}</tr>",
            person.id,
            or_dash(text(&shown, "name")),
            entries(&shown, "emails"),
            entries(&shown, "contact_numbers"),
            or_dash(text(&shown, "job_title")),
            or_dash(organization.unwrap_or_default()),
        ));
    }
    page.push_str("</tbody></table></div>");
    if crm.persons.len() > SHOWN {
        page.push_str(&format!("<p class=quiet>The last {SHOWN} of {}.</p>", crm.persons.len()));
    }
    page
}

fn lead(crm: &Crm, id: u64) -> Option<(u16, String, String)> {
    let lead = crm.leads.get(id)?;
    let shown = crm.show_lead(lead);
    let stage = lead.stage_id.and_then(|id| crm.stage(id)).map_or("", |(_, stage)| stage.name.as_str());
    let person = match lead.person_id.and_then(|id| crm.persons.get(id)) {
        Some(person) => {
            format!("<a href=\"/persons/{}\">{}</a>", person.id, or_dash(person.name.as_deref().unwrap_or_default()))
        }
        None => or_dash(""),
    };
    let owner = shown.get("user").map(|user| text(user, "name")).unwrap_or_default();
    let null = lead.person_id.and_then(|id| crm.persons.get(id)).is_some_and(|person| person.numbers.is_none());
    let warning = if null && !crm.server.is_honest() {
        "<p class=warning>The person’s contact_numbers is null: Krayin itself shows an error instead of this page.</p>"
    } else {
        ""
    };
    let main = format!(
        "<p><a href=\"/\">All leads</a></p>{warning}<h1>{}</h1><p><span class=stage>{}</span> <b>{}</b></p>\
         <dl><dt>Person<dd>{person}<dt>Owner<dd>{}<dt>Description<dd class=text>{}</dl>{}",
        or_dash(&lead.title),
        escape(stage),
        crate::model::lead::price(lead.value),
        or_dash(owner),
        or_dash(lead.description.as_deref().unwrap_or_default()),
        timeline(crm, &lead.activities),
    );
    Some((200, lead.title.clone(), main))
}

fn person(crm: &Crm, id: u64) -> Option<(u16, String, String)> {
    let person = crm.persons.get(id)?;
    let shown = crm.show_person(person);
    let organization = shown.get("organization").map(|organization| text(organization, "name"));
    let mut leads = String::new();
    for lead in crm.leads.iter().filter(|lead| lead.person_id == Some(id)) {
        leads.push_str(&format!("<a href=\"/leads/{}\">{}</a><br>", lead.id, or_dash(&lead.title)));
    }
    let main = format!(
        "<p><a href=\"/\">All persons</a></p><h1>{}</h1><dl><dt>E-mail<dd>{}<dt>Phone<dd>{}<dt>Job title<dd>{}\
         <dt>Organization<dd>{}<dt>Leads<dd>{}</dl>{}",
        or_dash(text(&shown, "name")),
        entries(&shown, "emails"),
        entries(&shown, "contact_numbers"),
        or_dash(text(&shown, "job_title")),
        or_dash(organization.unwrap_or_default()),
        if leads.is_empty() { or_dash("") } else { leads },
        timeline(crm, &person.activities),
    );
    Some((200, text(&shown, "name").to_owned(), main))
}

/// The activities of a record, newest first: what people and clients wrote in full, the server's own notes as one line.
fn timeline(crm: &Crm, ids: &[u64]) -> String {
    let mut ids = ids.to_vec();
    ids.sort_unstable_by(|one, two| two.cmp(one));
    let mut page = String::from("<h2>Timeline</h2>");
    let activities: Vec<Value> =
        ids.into_iter().filter_map(|id| crm.activity(id)).map(|activity| crm.show_activity(activity)).collect();
    let blanking = |activity: &&Value| text(activity, "type") == "email" && activity["additional"].is_null();
    if activities.iter().any(|activity| blanking(&activity)) {
        page.push_str(
            "<p class=warning>An e-mail without “additional” is among these: Krayin itself shows an empty timeline \
             here.</p>",
        );
    }
    if activities.is_empty() {
        page.push_str("<p class=quiet>Nothing yet.</p>");
    }
    for activity in &activities {
        let kind = text(activity, "type");
        let when = format!(
            "<time>{}</time>",
            escape(&text(activity, "created_at").get(..16).unwrap_or_default().replace('T', " "))
        );
        let user = activity.get("user").map(|user| text(user, "name")).unwrap_or_default();
        if kind == "system" {
            let label = activity["additional"]["new"]["label"].as_str().unwrap_or_default();
            let to = if label.is_empty() { String::new() } else { format!(": {}", escape(label)) };
            page.push_str(&format!(
                "<p class=system>{}{to} <span class=quiet>{} UTC</span></p>",
                escape(text(activity, "title")),
                when
            ));
            continue;
        }
        let done = if activity["is_done"] == 1 { "done" } else { "open" };
        page.push_str(&format!(
            "<article><header><span class=kind>{}</span> <b>{}</b> <span class=quiet>{done} · {when} UTC · {}</span>\
             </header>{}<div class=note>{}</div></article>",
            escape(kind),
            or_dash(text(activity, "title")),
            escape(user),
            schedule(activity),
            ammonia::clean(text(activity, "comment")),
        ));
    }
    page
}

fn schedule(activity: &Value) -> String {
    let minute = |field| text(activity, field).get(..16).unwrap_or_default().replace('T', " ");
    let (from, to) = (minute("schedule_from"), minute("schedule_to"));
    if from.is_empty() {
        return String::new();
    }
    format!("<p class=quiet>{} – {} UTC</p>", escape(&from), escape(&to))
}

fn document(title: &str, main: &str, version: u64) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <meta name=color-scheme content=\"light dark\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<main data-version=\"{version}\">{main}</main>\n<script src=\"/_sim/page.js\"></script>\n</body>\n</html>\n",
        escape(title)
    )
}

const STYLE: &str = r"
:root { color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --quiet: color-mix(in srgb, CanvasText 65%, Canvas); --raised: color-mix(in srgb, CanvasText 5%, Canvas);
  --link: light-dark(#0b57d0, #8ab4f8); --mark: light-dark(#8a4b00, #ffc46b); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
h3 { font-size: .95rem; margin: 0 0 .5rem; }
a { color: var(--link); }
.quiet, time { color: var(--quiet); font-weight: normal; }
.board { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; }
.board section { background: var(--raised); border-radius: .5rem; padding: .75rem; min-height: 5rem; min-width: 0; }
.card { display: grid; gap: .15rem; background: Canvas; border: 1px solid var(--line); border-radius: .4rem;
  padding: .5rem .6rem; margin-top: .5rem; color: inherit; text-decoration: none; overflow-wrap: anywhere; font-size: .9rem; }
.card:hover, .card:focus-visible { border-color: var(--link); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: start; vertical-align: top; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; min-width: 7rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; } .text { white-space: pre-wrap; }
.stage, .kind { border: 1px solid var(--line); border-radius: 1rem; padding: .05rem .6rem; font-size: .85rem; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
article header { margin-bottom: .5rem; overflow-wrap: anywhere; }
article p { margin: .25rem 0; font-size: .9rem; }
.note { overflow-wrap: anywhere; } .note img { display: none; }
.system { margin: .3rem 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--line); font-size: .9rem;
  overflow-wrap: anywhere; }
.warning { border: 1px solid var(--mark); border-radius: .5rem; padding: .5rem .75rem; color: var(--mark); }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
";

/// Looks once a second whether anything has changed, and then takes the page's new contents.
pub(crate) const SCRIPT: &str = r"
(() => {
  const main = () => document.querySelector('main');
  const look = async () => {
    try {
      const { version } = await (await fetch('/_sim/version')).json();
      if (String(version) !== main().dataset.version) {
        const page = await (await fetch(location.href)).text();
        main().replaceWith(new DOMParser().parseFromString(page, 'text/html').querySelector('main'));
      }
    } catch { /* the server is away; the next look may find it again */ }
    setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
})();
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escape(r#"<b title="x">&'"#), "&lt;b title=&quot;x&quot;&gt;&amp;&#39;");
    }
}
