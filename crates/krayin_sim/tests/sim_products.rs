//! Products, and those of a lead.

use serde_json::{Value, json};

mod support;

use support::{Client, PACKAGES, start};

fn product(client: Client, sku: &str) -> u64 {
    client.post("/products", json!({"sku": sku, "name": sku, "quantity": 5, "price": "12.5"})).id()
}

fn lead_with(products: Value) -> Value {
    json!({
        "title": "L", "lead_value": 1, "lead_source_id": 1, "lead_type_id": 1, "lead_pipeline_stage_id": 1,
        "products": products,
    })
}

/// Id, quantity, price and amount of each product of a lead.
fn rows(client: Client, lead: u64) -> Value {
    let lead = client.get(&format!("/leads/{lead}")).data();
    let rows = lead["lead_products"].as_array().unwrap();
    rows.iter().map(|row| json!([row["id"], row["quantity"], row["price"], row["amount"]])).collect()
}

#[test]
fn products_are_made_checked_found_changed_and_deleted() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = product(client, "A-1");
        let shown = client.get(&format!("/products/{id}")).data();
        assert_eq!(
            (&shown["price"], &shown["quantity"], &shown["description"]),
            (&json!("12.5000"), &json!(5), &Value::Null)
        );
        let refused = client.post("/products", json!({"sku": "a-1", "name": "", "price": "1,0"})).errors();
        assert_eq!(refused["sku"][0], "The value has already been taken.", "{server:?}");
        assert_eq!(refused["name"][0], "The name field is required.");
        assert_eq!(refused["price"][0], "The price must be a decimal.");
        assert_eq!(client.post("/products", json!({"name": "no sku"})).status, 500);
        assert_eq!(client.get("/products?sku=A-1").ids(), [id]);
        assert_eq!(client.get("/products/search?search=name:A&searchFields=name:like").ids(), [id]);
        assert_eq!(client.put(&format!("/products/{id}"), json!({"price": 3})).data()["price"], 3, "as it was sent");
        assert_eq!(client.get(&format!("/products/{id}")).data()["price"], "3.0000");
        assert_eq!(client.delete(&format!("/products/{id}")).status, 200);
        assert_eq!(client.get(&format!("/products/{id}")).status, if server == PACKAGES[2] { 404 } else { 500 });
        assert_eq!(client.get("/products/abc").status, 405);
    }
}

#[test]
fn a_new_lead_brings_its_products() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let id = product(client, "A");
        let lead =
            client.post("/leads", lead_with(json!([{"product_id": id, "name": "A", "price": 10, "quantity": 2}]))).id();
        assert_eq!(rows(client, lead), json!([[1, 2, "10.0000", "20.0000"]]), "{server:?}");
        assert_eq!(client.get("/leads/1").data()["lead_products"][0]["product"]["sku"], "A");
        let refused = client.post("/leads", lead_with(json!([{"product_id": 99}]))).errors();
        assert_eq!(refused["products.0.product_id"][0], "The selected products.0.product id is invalid.");
        let message = "The products.0.price field is required when products.0.product id is present.";
        assert_eq!(refused["products.0.price"][0], message);
        // One that names no product breaks the request when the lead is there already.
        assert_eq!(client.post("/leads", lead_with(json!([{"price": 1, "quantity": 1}]))).status, 500);
        assert_eq!(sim.leads().len(), 2, "{server:?}");
    }
}

#[test]
fn products_are_put_on_a_lead_and_taken_away() {
    for server in PACKAGES {
        let sim = start(server);
        let client = Client::new(&sim);
        let (one, two) = (product(client, "A"), product(client, "B"));
        let lead = client.post("/leads", lead_with(json!([]))).id();
        let path = format!("/leads/product/{lead}");
        assert_eq!(client.put(&path, json!({"product_id": one, "quantity": 1, "price": 4})).data()["amount"], "4.0000");
        client.put(&path, json!({"product_id": two, "quantity": 1, "price": 1}));
        client.put(&path, json!({"product_id": one, "quantity": 3, "price": 4}));
        assert_eq!(rows(client, lead), json!([[1, 3, "4.0000", "12.0000"], [2, 1, "1.0000", "1.0000"]]), "{server:?}");
        let refused = client.put(&path, json!({"product_id": 99, "quantity": -1, "price": "x"})).errors();
        assert_eq!(refused["product_id"][0], "The selected product id is invalid.");
        assert_eq!(refused["quantity"][0], "The quantity must be at least 0.");
        assert_eq!(refused["price"][0], "The price must be a number.");
        assert_eq!(client.put("/leads/product/99", json!({"product_id": one, "quantity": 1, "price": 4})).status, 500);
        client.send("DELETE", &path, Some(&json!({"product_id": two})));
        assert_eq!(rows(client, lead), json!([[1, 3, "4.0000", "12.0000"]]));
        client.delete(&format!("/products/{one}"));
        assert_eq!(rows(client, lead), json!([]), "it goes from leads too");
    }
}

#[test]
fn what_an_update_does_not_name_goes() {
    let sim = start(PACKAGES[0]);
    let client = Client::new(&sim);
    let (one, two) = (product(client, "A"), product(client, "B"));
    let of = |id: u64| json!({"product_id": id, "name": "n", "price": 1, "quantity": 1, "amount": 1});
    client.post("/leads", lead_with(json!([of(one), of(two)])));
    let mut keyed = serde_json::Map::new();
    keyed.insert("2".into(), json!({"product_id": two, "name": "n", "price": 5, "quantity": 2, "amount": 10}));
    keyed.insert("product_1".into(), of(one));
    client.put("/leads/1", lead_with(json!(keyed)));
    assert_eq!(rows(client, 1), json!([[2, 2, "5.0000", "10.0000"], [3, 1, "1.0000", "1.0000"]]));
    assert_eq!(
        client.put("/leads/1", lead_with(json!([of(one)]))).status,
        404,
        "a list's keys are ids that are not there"
    );
    client.put("/leads/attributes/edit/1", json!({"title": "Renamed"}));
    assert_eq!(rows(client, 1).as_array().unwrap().len(), 2, "a partial update keeps them");
}
