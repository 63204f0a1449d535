//! Products: `products`, and those of a lead.

use serde_json::{Value, json};

use crate::answer::{Answer, Errors, Failure, Outcome};
use crate::crm::Crm;
use crate::data::clock::iso;
use crate::data::input::{Input, is_absent, is_empty, leading_number, number, text};
use crate::data::row::Searched;
use crate::data::text::{fold, short};
use crate::model::product::{Product, amount, decimal, on_lead};
use crate::query::list::{ListQuery, list};
use crate::query::search::Search;

const MODEL: &str = "Webkul\\Product\\Models\\Product";
const ROW: &str = "Webkul\\Lead\\Models\\Product";

impl Crm {
    pub(crate) fn product_list(&self, query: &ListQuery<'_>) -> Outcome {
        list(query, self.products.iter(), |id| self.products.get(id), Product::show)
    }

    pub(crate) fn product_search(&self, pairs: &[(String, String)]) -> Outcome {
        let search = Search::parse(pairs, Product::FIELDS, self.server.blank_becomes_null())?;
        Answer::data(search.run(self.products.iter(), self)?.into_iter().map(Product::show).collect())
    }

    pub(crate) fn product_get(&self, id: &str) -> Outcome {
        match leading_number(id).and_then(|id| self.products.get(id)) {
            Some(product) => Answer::data(product.show()),
            None => Err(self.missing_record(MODEL, id)),
        }
    }

    pub(crate) fn product_create(&mut self, input: &Input) -> Outcome {
        self.check_product(input, None)?;
        let Some(sku) = input.text("sku") else {
            return Err(Failure::query(
                "SQLSTATE[HY000]: General error: 1364 Field 'sku' doesn't have a default value",
            ));
        };
        let now = self.clock.now();
        let id = self.products.reserve();
        let product = Product {
            id,
            sku: short(&sku).to_owned(),
            name: input.text("name").map(|name| short(&name).to_owned()),
            description: input.text("description").map(|text| short(&text).to_owned()),
            quantity: input.get("quantity").and_then(whole).unwrap_or(0),
            price: amount(input.get("price")),
            created_at: now,
            updated_at: now,
        };
        let shown = as_sent(product.show(), input);
        self.products.put(id, product);
        Answer::data_and_message(shown, "Product created successfully.")
    }

    pub(crate) fn product_update(&mut self, id: &str, input: &Input) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        self.check_product(input, Some(key))?;
        let now = self.clock.now();
        let Some(product) = self.products.get_mut(key) else {
            return Err(Failure::missing(MODEL, id));
        };
        if let Some(sku) = input.text("sku") {
            product.sku = short(&sku).to_owned();
        }
        if input.has("name") {
            product.name = input.text("name").map(|name| short(&name).to_owned());
        }
        if input.has("description") {
            product.description = input.text("description").map(|text| short(&text).to_owned());
        }
        product.quantity = input.get("quantity").and_then(whole).unwrap_or(product.quantity);
        if input.has("price") {
            product.price = amount(input.get("price"));
        }
        product.updated_at = now;
        let shown = product.show();
        // Leads show it as it is now.
        for row in self.leads.iter_mut().flat_map(|lead| &mut lead.products) {
            if product_of(row) == Some(key) {
                row["product"] = shown.clone();
            }
        }
        Answer::data_and_message(as_sent(shown, input), "Product updated successfully.")
    }

    /// What is on leads goes with it.
    pub(crate) fn product_delete(&mut self, id: &str) -> Outcome {
        let key = leading_number(id).unwrap_or(0);
        if self.products.remove(key).is_none() {
            return Err(Failure::missing(MODEL, id));
        }
        for lead in self.leads.iter_mut() {
            lead.products.retain(|row| product_of(row) != Some(key));
        }
        Answer::wrapped_message("Product deleted successfully.")
    }

    fn check_product(&self, input: &Input, own: Option<u64>) -> Outcome<()> {
        let mut errors = self.check_attributes("products", &input.0, "", own);
        let sku = input.text("sku").unwrap_or_default();
        let taken = |other: &Product| Some(other.id) != own && fold(&other.sku) == fold(&sku);
        if !sku.is_empty() && self.products.iter().any(taken) {
            errors.push(("sku".into(), "The value has already been taken.".into()));
        }
        if errors.is_empty() { Ok(()) } else { Err(Failure::Invalid(errors)) }
    }

    /// `PUT leads/product/{id}`: puts a product on a lead, or changes how many of it are there.
    pub(crate) fn lead_product_put(&mut self, lead: &str, input: &Input) -> Outcome {
        let mut errors: Errors = Vec::new();
        let product_id = input.id("product_id").unwrap_or(0);
        if is_absent(input.0.get("product_id")) {
            errors.push(("product_id".into(), "The product id field is required.".into()));
        } else if self.products.get(product_id).is_none() {
            errors.push(("product_id".into(), "The selected product id is invalid.".into()));
        }
        for field in ["quantity", "price"] {
            let value = input.get(field).and_then(text).and_then(|text| text.parse::<f64>().ok());
            let message = match value {
                _ if is_absent(input.0.get(field)) => format!("The {field} field is required."),
                None => format!("The {field} must be a number."),
                Some(number) if number < 0.0 => format!("The {field} must be at least 0."),
                Some(_) => continue,
            };
            errors.push((field.to_owned(), message));
        }
        if !errors.is_empty() {
            return Err(Failure::Invalid(errors));
        }
        let key = leading_number(lead).unwrap_or(0);
        let quantity = input.get("quantity").and_then(whole).unwrap_or(0);
        let price = amount(input.get("price")).unwrap_or(0);
        let (now, next) = (self.clock.now(), self.next_lead_product());
        let (Some(lead), Some(product)) = (self.leads.get_mut(key), self.products.get(product_id)) else {
            return Err(Failure::foreign_key("lead_products", "lead_id", "leads"));
        };
        let there = lead.products.iter_mut().find(|row| product_of(row) == Some(product_id));
        let id = there.as_ref().and_then(|row| row["id"].as_u64()).unwrap_or(next);
        let row = on_lead(id, product, quantity, price, now);
        match there {
            Some(there) => *there = row,
            None => lead.products.push(row),
        }
        let shown = json!({
            "id": id, "lead_id": key, "product_id": product_id, "quantity": input.0.get("quantity"),
            "price": input.0.get("price"), "amount": decimal(price.saturating_mul(quantity)),
            "created_at": iso(now), "updated_at": iso(now),
        });
        Answer::data_and_message(shown, "Lead updated successfully.")
    }

    /// `DELETE leads/product/{id}`. One that is not there is taken away all the same.
    pub(crate) fn lead_product_delete(&mut self, lead: &str, input: &Input) -> Outcome {
        let product = input.id("product_id");
        if let Some(lead) = leading_number(lead).and_then(|id| self.leads.get_mut(id)) {
            lead.products.retain(|row| product_of(row) != product);
        }
        Answer::wrapped_message("Lead deleted successfully.")
    }

    /// What is wrong with the products of a lead.
    pub(crate) fn check_products(&self, input: &Input) -> Errors {
        let mut errors = Vec::new();
        let products: Vec<(String, &Value)> = match input.get("products") {
            None => return errors,
            Some(Value::Array(items)) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
            Some(Value::Object(items)) => items.iter().map(|(key, item)| (key.clone(), item)).collect(),
            Some(_) => return vec![("products".into(), "The products must be an array.".into())],
        };
        for (at, product) in products {
            let Some(id) = product.get("product_id") else {
                continue;
            };
            let field = format!("products.{at}.product_id");
            let shown = field.replace('_', " ");
            if is_absent(Some(id)) {
                errors.push((field, format!("The {shown} field is required.")));
                continue;
            }
            if number(id).and_then(|id| self.products.get(id)).is_none() {
                errors.push((field, format!("The selected {shown} is invalid.")));
            }
            for needed in ["name", "price", "quantity"] {
                if is_absent(product.get(needed)) {
                    let needed = format!("products.{at}.{needed}");
                    errors.push((needed.clone(), format!("The {needed} field is required when {shown} is present.")));
                }
            }
        }
        errors
    }

    /// Puts the products of a request on a new lead, one by one. One without a price or an id breaks the request when
    /// the lead is there already.
    pub(crate) fn add_products(&mut self, lead: u64, input: &Input) -> Outcome<()> {
        let sent: Vec<Value> = match input.get("products") {
            Some(Value::Array(items)) => items.clone(),
            Some(Value::Object(items)) => items.values().cloned().collect(),
            _ => return Ok(()),
        };
        for product in sent {
            let row = self.new_row(&product, true)?;
            if let Some(lead) = self.leads.get_mut(lead) {
                lead.products.push(row);
            }
        }
        Ok(())
    }

    /// The products that a lead has after `PUT leads/{id}`: keys with `product_` in them are new ones, every other is the
    /// id of one that there is; those that are not named go.
    pub(crate) fn products_after(&self, old: &[Value], input: &Input) -> Outcome<Vec<Value>> {
        let named: Vec<(String, &Value)> = match input.get("products") {
            Some(Value::Array(items)) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
            Some(Value::Object(items)) => items.iter().map(|(key, item)| (key.clone(), item)).collect(),
            _ => return Ok(Vec::new()),
        };
        let mut rows = Vec::with_capacity(named.len());
        for (key, product) in named {
            if key.contains("product_") {
                rows.push(self.new_row(product, false)?);
                continue;
            }
            let id = leading_number(&key).unwrap_or(0);
            let Some(row) = old.iter().find(|row| row["id"].as_u64() == Some(id)) else {
                return Err(Failure::missing(ROW, id));
            };
            let mut row = row.clone();
            if let Some(quantity) = product.get("quantity").and_then(whole) {
                row["quantity"] = json!(quantity);
            }
            for field in ["price", "amount"] {
                if let Some(value) = amount(product.get(field)) {
                    row[field] = json!(decimal(value));
                }
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// A new row. A new lead's amount is worked out; that of a changed one is what was sent.
    fn new_row(&self, product: &Value, works_amount_out: bool) -> Outcome<Value> {
        for field in ["price", "quantity"] {
            if works_amount_out && product.get(field).is_none() {
                return Err(Failure::undefined_key(field));
            }
        }
        let found = product.get("product_id").filter(|id| !is_empty(Some(id))).and_then(number);
        let Some(found) = found.and_then(|id| self.products.get(id)) else {
            return Err(Failure::query(
                "SQLSTATE[HY000]: General error: 1364 Field 'product_id' doesn't have a default value",
            ));
        };
        let quantity = product.get("quantity").and_then(whole).unwrap_or(0);
        let price = amount(product.get("price")).unwrap_or(0);
        let mut row = on_lead(self.next_lead_product(), found, quantity, price, self.clock.now());
        if !works_amount_out {
            row["amount"] = json!(amount(product.get("amount")).map(decimal));
        }
        Ok(row)
    }

    fn next_lead_product(&self) -> u64 {
        let rows = self.leads.iter().flat_map(|lead| &lead.products);
        rows.filter_map(|row| row["id"].as_u64()).max().unwrap_or(0) + 1
    }
}

/// Which product a lead's row is of.
fn product_of(row: &Value) -> Option<u64> {
    row.get("product").and_then(|product| product.get("id")).or_else(|| row.get("product_id")).and_then(Value::as_u64)
}

fn whole(value: &Value) -> Option<i64> {
    let number: f64 = text(value)?.trim().parse().ok()?;
    #[allow(clippy::cast_possible_truncation, reason = "a number cut as the column cuts it")]
    Some(number.clamp(-2_147_483_648.0, 2_147_483_647.0) as i64)
}

/// The answer to a write shows the values as they were sent.
fn as_sent(mut shown: Value, input: &Input) -> Value {
    for field in ["sku", "name", "description", "quantity", "price"] {
        if let Some(sent) = input.0.get(field) {
            shown[field] = sent.clone();
        }
    }
    shown
}
