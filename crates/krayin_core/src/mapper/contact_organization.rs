use serde_json::{Value, json};

use crate::{
    chatwoot::Contact,
    harmless::Place,
    krayin::{Address, NewOrganization},
    text,
};

const WIDTH: usize = 255;

/// A contact's company as an organization, or `None` where it has none: the name and the address of
/// [`FIELDS`](super::FIELDS). The contact's own city and country are not the company's.
pub fn map_to_organization(contact: &Contact) -> Option<NewOrganization> {
    let address = address(contact).and_then(|address| serde_json::from_value(address).ok());
    Some(NewOrganization { name: name(contact)?, address })
}

pub(super) fn name(contact: &Contact) -> Option<String> {
    company_name(contact).map(|name| Place::Company.fitted(&name, WIDTH))
}

/// The company's name as Chatwoot has it, on one line.
pub(crate) fn company_name(contact: &Contact) -> Option<String> {
    let name = contact.attribute(&["company_name", "company", "organization"])?;
    Some(text::cut_chars(&text::one_line(&name), WIDTH)).filter(|name| !name.is_empty())
}

pub(super) fn address(contact: &Contact) -> Option<Value> {
    name(contact)?;
    let address = Address {
        address: line(contact, &["company_address"]),
        country: line(contact, &["company_country"]),
        state: line(contact, &["company_state"]),
        city: line(contact, &["company_city"]),
        postcode: line(contact, &["company_zipcode", "company_postcode"]),
    };
    (address != Address::default()).then(|| json!(address))
}

fn line(contact: &Contact, keys: &[&str]) -> Option<String> {
    let value = contact.attribute(keys)?;
    Some(Place::Raw.fitted(&text::one_line(&value), WIDTH)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::map_to_organization;
    use crate::chatwoot::Contact;

    fn map(attributes: Value) -> Option<Value> {
        let contact = Contact::from_json(json!({"id": 1, "additional_attributes": attributes}).to_string().as_bytes());
        map_to_organization(&contact).map(|organization| serde_json::to_value(organization).unwrap())
    }

    #[test]
    fn takes_the_name_from_where_it_is() {
        assert_eq!(map(json!({"company_name": " Acme,  Inc. ", "city": "SF"})), Some(json!({"name": "Acme, Inc."})));
        assert_eq!(map(json!({"company": "Acme"})), Some(json!({"name": "Acme"})));
        assert_eq!(map(json!({"organization": {"name": "Acme"}})), Some(json!({"name": "Acme"})));
        assert_eq!(map(json!({"company_name": "", "company": null})), None);
        assert_eq!(map(json!([])), None);
    }

    #[test]
    fn takes_the_companys_address() {
        let address = json!({
            "company": "Acme", "company_address": "1 Main St", "company_city": "SF", "company_state": "CA",
            "company_country": "US", "company_zipcode": 94105
        });
        let expected =
            json!({"address": "1 Main St", "city": "SF", "state": "CA", "country": "US", "postcode": "94105"});
        assert_eq!(map(address).unwrap()["address"], expected);
    }
}
