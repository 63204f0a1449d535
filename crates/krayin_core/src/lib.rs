//! Keeps a Krayin CRM in step with Chatwoot.
