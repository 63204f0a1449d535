//! What a call ends in: an answer, or one of the ways in which a call fails on the real servers.

use serde_json::{Map, Value, json};

use crate::server::Server;

/// What every handler returns.
pub(crate) type Outcome<T = Answer> = Result<T, Failure>;

/// A good answer: 200, also after a create.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn data(data: Value) -> Outcome {
        Ok(Self { status: 200, body: json!({"data": data}) })
    }

    pub(crate) fn data_and_message(data: Value, message: &str) -> Outcome {
        Ok(Self { status: 200, body: json!({"data": data, "message": message}) })
    }

    pub(crate) fn message(message: &str) -> Outcome {
        Ok(Self { status: 200, body: json!({"message": message}) })
    }

    pub(crate) fn wrapped_message(message: &str) -> Outcome {
        Ok(Self { status: 200, body: json!({"data": {"message": message}}) })
    }

    /// A failure that the package itself puts into words.
    pub(crate) fn failed(status: u16, message: &str) -> Outcome {
        Ok(Self { status, body: json!({"message": message}) })
    }

    /// The answer to a delete, in the package's form.
    pub(crate) fn deleted(server: Server, message: &str) -> Outcome {
        if server.wraps_delete_message() { Self::wrapped_message(message) } else { Self::message(message) }
    }
}

/// Which kind of write an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Created,
    Updated,
}

impl Written {
    pub(crate) fn message(self, what: &str) -> String {
        match self {
            Self::Created => format!("{what} created successfully."),
            Self::Updated => format!("{what} updated successfully."),
        }
    }
}

/// Field and message pairs, in the order in which the server found them.
pub(crate) type Errors = Vec<(String, String)>;

/// How a call fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No token, or none that is known.
    Unauthenticated,
    /// No route has this path.
    NoRoute,
    /// The path has a route, but not for this method.
    WrongMethod(&'static str),
    /// The user's calls of this minute are spent. Seconds until they are not.
    TooMany { limit: u32, seconds: i64 },
    /// The body is larger than PHP takes.
    TooLarge,
    /// PHP ended the request: its memory or its time ran out.
    Fatal,
    /// The database is away.
    NoDatabase,
    /// `artisan down`.
    Maintenance,
    /// A model was looked up and is not there.
    Missing { model: &'static str, id: String },
    /// 404 with the package's own words.
    NotFound(&'static str),
    /// 422.
    Invalid(Errors),
    /// The code broke: exception and message.
    Broken { exception: &'static str, message: String },
}

impl Failure {
    /// PHP's warning turned into an exception.
    pub(crate) fn php(message: impl Into<String>) -> Self {
        Self::Broken { exception: "ErrorException", message: message.into() }
    }

    /// A value of another type than the code wants.
    pub(crate) fn type_error(message: impl Into<String>) -> Self {
        Self::Broken { exception: "TypeError", message: message.into() }
    }

    pub(crate) fn undefined_key(key: &str) -> Self {
        Self::php(format!("Undefined array key \"{key}\""))
    }

    /// The database refused.
    pub(crate) fn query(message: impl Into<String>) -> Self {
        Self::Broken { exception: "Illuminate\\Database\\QueryException", message: message.into() }
    }

    pub(crate) fn foreign_key(table: &str, column: &str, other: &str) -> Self {
        Self::query(format!(
            "SQLSTATE[23000]: Integrity constraint violation: 1452 Cannot add or update a child row: a foreign key \
             constraint fails (`krayin`.`{table}`, CONSTRAINT `{table}_{column}_foreign` FOREIGN KEY (`{column}`) \
             REFERENCES `{other}` (`id`))"
        ))
    }

    pub(crate) fn missing(model: &'static str, id: impl ToString) -> Self {
        Self::Missing { model, id: id.to_string() }
    }

    /// What happened, in words.
    pub(crate) fn words(&self) -> String {
        self.explanation("", "").1
    }

    fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::NoRoute | Self::Missing { .. } | Self::NotFound(_) => 404,
            Self::WrongMethod(_) => 405,
            Self::TooLarge => 413,
            Self::TooMany { .. } => 429,
            Self::Invalid(_) => 422,
            Self::Broken { .. } | Self::Fatal | Self::NoDatabase => 500,
            Self::Maintenance => 503,
        }
    }

    fn explanation(&self, method: &str, path: &str) -> (&'static str, String) {
        const HTTP: &str = "Symfony\\Component\\HttpKernel\\Exception\\NotFoundHttpException";
        let path = path.trim_matches('/');
        match self {
            Self::Unauthenticated => ("Illuminate\\Auth\\AuthenticationException", "Unauthenticated.".into()),
            Self::NoRoute => (HTTP, format!("The route {path} could not be found.")),
            Self::WrongMethod(allowed) => (
                "Symfony\\Component\\HttpKernel\\Exception\\MethodNotAllowedHttpException",
                format!("The {method} method is not supported for route {path}. Supported methods: {allowed}."),
            ),
            Self::TooMany { .. } => {
                ("Illuminate\\Http\\Exceptions\\ThrottleRequestsException", "Too Many Attempts.".into())
            }
            Self::TooLarge => {
                ("Illuminate\\Http\\Exceptions\\PostTooLargeException", "The POST data is too large.".into())
            }
            Self::Fatal => (
                "Symfony\\Component\\ErrorHandler\\Error\\FatalError",
                "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)".into(),
            ),
            Self::NoDatabase => (
                "Illuminate\\Database\\QueryException",
                "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select * from \
                 `personal_access_tokens` where `personal_access_tokens`.`id` = 1 limit 1)"
                    .into(),
            ),
            Self::Maintenance => {
                ("Symfony\\Component\\HttpKernel\\Exception\\HttpException", "Service Unavailable".into())
            }
            Self::Missing { model, id } => (HTTP, format!("No query results for model [{model}] {id}")),
            Self::NotFound(message) => (HTTP, (*message).into()),
            Self::Invalid(errors) => ("Illuminate\\Validation\\ValidationException", summary(errors)),
            Self::Broken { exception, message } => (exception, message.clone()),
        }
    }
}

/// The first error's message and how many more there are.
fn summary(errors: &Errors) -> String {
    let first = errors.first().map_or("", |(_, message)| message);
    match errors.len().saturating_sub(1) {
        0 => first.to_owned(),
        1 => format!("{first} (and 1 more error)"),
        more => format!("{first} (and {more} more errors)"),
    }
}

/// A failure as it goes over the wire.
pub(crate) struct Rendered {
    pub(crate) status: u16,
    pub(crate) body: RenderedBody,
}

pub(crate) enum RenderedBody {
    Json(Value),
    Html(String),
    /// A browser is sent back to where it came from.
    Redirect,
}

/// Renders a failure as this server does: its status, its words, and HTML for a client that did not ask for JSON.
pub(crate) fn render(
    failure: &Failure,
    server: Server,
    production: bool,
    wants_json: bool,
    method: &str,
    path: &str,
) -> Rendered {
    let wants_json = wants_json || server.always_answers_json();
    if server.is_honest() {
        return honest(failure, method, path);
    }
    if let Failure::Invalid(errors) = failure {
        if !wants_json {
            return Rendered { status: 302, body: RenderedBody::Redirect };
        }
        return invalid(errors);
    }
    let status = match failure {
        Failure::Unauthenticated if production && server.hides_unauthenticated() => 500,
        Failure::WrongMethod(_) | Failure::TooMany { .. } | Failure::TooLarge if production => 500,
        _ => failure.status(),
    };
    let (exception, message) = failure.explanation(method, path);
    if !wants_json {
        return html(failure, production, status, &message);
    }
    let body = match failure {
        Failure::NotFound(message) => json!({ "message": message }),
        Failure::Unauthenticated if !production => json!({"message": words(server, 401)}),
        _ if production => json!({"message": words(server, status)}),
        _ => json!({
            "message": message,
            "exception": exception,
            "file": "/var/www/krayin/vendor/laravel/framework/src/Illuminate/Foundation/Exceptions/Handler.php",
            "line": 498,
            "trace": [],
        }),
    };
    Rendered { status, body: RenderedBody::Json(body) }
}

fn invalid(errors: &Errors) -> Rendered {
    let mut fields: Map<String, Value> = Map::new();
    for (field, message) in errors {
        let messages = fields.entry(field.clone()).or_insert_with(|| json!([]));
        if let Some(list) = messages.as_array_mut() {
            list.push(json!(message));
        }
    }
    let body = RenderedBody::Json(json!({"message": summary(errors), "errors": fields}));
    Rendered { status: 422, body }
}

/// The status that says what happened, and JSON whatever the client accepts.
fn honest(failure: &Failure, method: &str, path: &str) -> Rendered {
    if let Failure::Invalid(errors) = failure {
        return invalid(errors);
    }
    let (_, message) = failure.explanation(method, path);
    Rendered { status: failure.status(), body: RenderedBody::Json(json!({ "message": message })) }
}

/// The texts that stand for a status where no exception is shown.
fn words(server: Server, status: u16) -> &'static str {
    match (server, status) {
        (Server::Krayin210, 401) => "admin::app.common.unauthenticated",
        (Server::Krayin210, 404) => "admin::app.common.resource-not-found",
        (Server::Krayin210, 503) => "admin::app.common.something-went-wrong",
        (Server::Krayin210, _) => "admin::app.common.internal-server-error",
        (Server::Krayin223Community, 401) => "You are not authenticated. Please log in to continue.",
        (Server::Krayin223Community, 404) => "The requested resource could not be found.",
        (Server::Krayin223Community, _) => "An unexpected error occurred on the server. Please try again later.",
        (_, 401) => "401 Unauthorized",
        (_, 404) => "404 Page Not Found",
        (_, 503) => "503 Service Unavailable",
        (_, _) => "500 Internal Server Error",
    }
}

/// A client that does not ask for JSON gets a page: in production with status **200**, whatever happened.
fn html(failure: &Failure, production: bool, status: u16, message: &str) -> Rendered {
    let (status, title) = if production {
        (200, "500 Internal Server Error".to_owned())
    } else if matches!(failure, Failure::Unauthenticated) {
        // Without JSON the server wants to send the browser to a login page that it does not have.
        (500, "Route [login] not defined. (500 Internal Server Error)".to_owned())
    } else {
        let message = message.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        (status, format!("{message} ({status} Internal Server Error)"))
    };
    Rendered {
        status,
        body: RenderedBody::Html(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"UTF-8\" />\n    <title>{title}</title>\n\
             </head>\n<body>\n    <h1>{title}</h1>\n</body>\n</html>\n"
        )),
    }
}
