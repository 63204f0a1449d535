//! The calls of `KrayinSync::Api`'s clients, a row each. A method of [`Client`](krayin_core::api::Client) without a row is
//! not there for Ruby.

use krayin_core::{Error as CoreError, api::Client};
use magnus::{Error, RModule, RString, Ruby, TryConvert, Value, function, prelude::*};

use crate::{convert, session::Session};

/// A record's fields, which Ruby hands over as JSON.
struct Json(serde_json::Value);

impl TryConvert for Json {
    fn try_convert(value: Value) -> Result<Self, Error> {
        convert::value(&Ruby::get_with(value), RString::try_convert(value)?).map(Self)
    }
}

/// Name in `KrayinSync::Native`, number of arguments with the session, arguments, call.
macro_rules! calls {
    ($($name:ident, $arity:tt, |$client:ident $(, $argument:ident: $kind:ty)*| $call:expr;)*) => {
        pub(crate) fn init(native: RModule) -> Result<(), Error> {
            $(
                fn $name(ruby: &Ruby, session: Value $(, $argument: $kind)*) -> Result<RString, Error> {
                    Session::open(ruby, session)?
                        .run(ruby, |$client| async move { Ok(convert::json(&$call.await?)) })
                }
                native.define_singleton_method(stringify!($name), function!($name, $arity))?;
            )*
            Ok(())
        }
    };
}

calls! {
    request, 5, |client, method: String, path: String, params: Json, body: Option<Json>|
        request_any(&client, &method, &path, &params, body);

    search_person, 3, |client, email: Option<String>, phone: Option<String>|
        client.search_person(email.as_deref(), phone.as_deref());
    create_person, 2, |client, person: Json| client.create_person(person.0);
    update_person, 3, |client, person: Json, id: u64| client.update_person(id, person.0);
    get_person, 2, |client, id: u64| client.get_person(id);

    search_lead, 3, |client, email: Option<String>, phone: Option<String>|
        client.search_lead(email.as_deref(), phone.as_deref());
    create_lead, 2, |client, lead: Json| client.create_lead(lead.0);
    update_lead, 3, |client, lead: Json, id: u64| client.update_lead(id, lead.0);
    get_lead, 2, |client, id: u64| client.get_lead(id);
    pipelines, 1, |client| client.pipelines();
    stages, 2, |client, pipeline_id: Option<u64>| client.stages(pipeline_id);
    sources, 1, |client| client.sources();
    types, 1, |client| client.types();
    create_source, 2, |client, name: String| client.create_source(&name);
    create_tag, 3, |client, name: String, color: Option<String>| client.create_coloured_tag(&name, color.as_deref());

    search_organization, 2, |client, name: String| client.search_organization(&name);
    create_organization, 2, |client, organization: Json| client.create_organization(organization.0);
    update_organization, 3, |client, organization: Json, id: u64| client.update_organization(id, organization.0);
    get_organization, 2, |client, id: u64| client.get_organization(id);

    search_activity, 2, |client, title: String| client.search_activity(&title);
    create_activity, 2, |client, activity: Json| client.create_activity(activity.0);
    update_activity, 3, |client, activity: Json, id: u64| client.update_activity(id, activity.0);
    get_activity, 2, |client, id: u64| client.get_activity(id);
}

/// Any path; `params` is a JSON list of pairs of texts.
async fn request_any(
    client: &Client,
    method: &str,
    path: &str,
    params: &Json,
    body: Option<Json>,
) -> Result<serde_json::Value, CoreError> {
    let params: Vec<(String, String)> = serde_json::from_value(params.0.clone()).unwrap_or_default();
    let params: Vec<(&str, String)> = params.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let body = body.map(|body| body.0).unwrap_or_default();
    Ok(match method {
        "POST" => client.post(path, body, &params).await?,
        "PUT" => client.put(path, body, &params).await?,
        "DELETE" => client.delete(path, &params).await?,
        _ => client.get(path, &params).await?,
    })
}
