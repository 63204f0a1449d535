//! Users: `settings/users`, and who is behind a token: `get`, `login`, `logout`.

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::crm::Crm;
use crate::data::input::{Input, is_absent, leading_number};
use crate::data::row::Searched;
use crate::model::user::User;
use crate::query::list::{ListQuery, list};
use crate::query::search::Search;

impl Crm {
    pub(crate) fn user_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.users.iter(), |id| self.user(id), User::show)
    }

    pub(crate) fn user_search(&self, pairs: &[(String, String)]) -> Outcome {
        let search = Search::parse(pairs, User::FIELDS, self.server.blank_becomes_null())?;
        Answer::data(search.run(self.users.iter(), self)?.into_iter().map(User::show).collect())
    }

    pub(crate) fn user_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.user(id)) {
            Some(user) => Answer::data(user.show()),
            None => Err(self.missing_record("Webkul\\User\\Models\\User", id)),
        }
    }
}

impl Crm {
    pub(crate) fn me(&self, user: u64) -> Outcome {
        match self.user(user) {
            Some(user) => Answer::data(user.show()),
            None => Err(Failure::Unauthenticated),
        }
    }

    /// Revokes **every** token of the user.
    pub(crate) fn logout(&mut self, user: u64) -> Outcome {
        self.tokens.retain(|_, other| *other != user);
        Answer::message("Logout successful.")
    }

    /// Takes any password. Revokes **every** token of the user and answers a new one.
    pub(crate) fn login(&mut self, input: &Input) -> Outcome {
        let email = input.text("email").unwrap_or_default();
        let mut errors: Errors = Vec::new();
        for field in ["email", "password", "device_name"] {
            if is_absent(input.0.get(field)) {
                errors.push((field.to_owned(), format!("The {} field is required.", field.replace('_', " "))));
            } else if field == "email" && !email.contains('@') {
                errors.push((field.to_owned(), "The email must be a valid email address.".into()));
            }
        }
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let Some(user) = self.users.iter().find(|user| user.email == email).cloned() else {
            return Err(Failure::Invalid(vec![("email".into(), "The provided credentials are incorrect.".into())]));
        };
        self.tokens.retain(|_, other| *other != user.id);
        let token = format!("{}|simulated-token-by-login-{}", self.version + 1000, user.id);
        self.tokens.insert(token.clone(), user.id);
        Ok(Answer {
            status: 200,
            body: serde_json::json!({
                "data": user.show(), "message": "Login successful.", "token": token,
            }),
        })
    }
}
