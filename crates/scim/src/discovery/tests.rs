//! Tests of the discovery documents.

use serde_json::json;

use super::*;

const BASE: &str = "https://s/scim/v2";

#[test]
fn the_server_says_what_it_can_do() {
    assert_eq!(
        service_provider_config(BASE),
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": { "supported": true },
            "bulk": { "supported": true, "maxOperations": 100, "maxPayloadSize": 8_388_608 },
            "filter": { "supported": true, "maxResults": 1_000 },
            "changePassword": { "supported": false },
            "sort": { "supported": true },
            "etag": { "supported": true },
            "pagination": { "cursor": true, "index": true, "defaultPaginationMethod": "index",
                            "defaultPageSize": 100, "maxPageSize": 1_000 },
            "authenticationSchemes": [{
                "type": "oauthbearertoken", "name": "Bearer token", "primary": true,
                "description": "A token in the Authorization header, made by an admin.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
            }],
            "meta": { "resourceType": "ServiceProviderConfig",
                      "location": "https://s/scim/v2/ServiceProviderConfig" },
        })
    );
}

#[test]
fn users_and_groups_are_served() {
    let types = resource_types(BASE);
    assert_eq!(types["totalResults"], 2);
    assert_eq!(
        types["Resources"][0],
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": "User", "name": "User", "description": "A person.", "endpoint": "/Users",
            "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
            "schemaExtensions": [{ "required": false,
                "schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User" }],
            "meta": { "resourceType": "ResourceType",
                      "location": "https://s/scim/v2/ResourceTypes/User" },
        })
    );
    assert_eq!(types["Resources"][1]["endpoint"], "/Groups");
    assert_eq!(types["Resources"][1].get("schemaExtensions"), None);
    assert_eq!(resource_type(BASE, "Group").as_ref(), types["Resources"].get(1));
    assert_eq!(resource_type(BASE, "Robot"), None);
}

#[test]
fn every_schema_is_printed_with_all_characteristics() {
    let all = schemas(BASE);
    let ids: Vec<_> = all["Resources"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(
        ids,
        [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
            "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
            "urn:ietf:params:scim:schemas:core:2.0:Schema",
        ]
    );
    for document in all["Resources"].as_array().unwrap() {
        let id = document["id"].as_str().unwrap();
        assert_eq!(schema(BASE, &id.to_uppercase()).as_ref(), Some(document));
        assert_eq!(document["meta"]["location"], format!("{BASE}/Schemas/{id}"));
    }
    let group = schema(BASE, "urn:ietf:params:scim:schemas:core:2.0:Group").unwrap();
    assert_eq!(
        group["attributes"][0],
        json!({ "name": "displayName", "type": "string", "multiValued": false,
                "description": "The name of the group.", "required": true, "caseExact": false,
                "mutability": "readWrite", "returned": "default", "uniqueness": "server" })
    );
    assert_eq!(
        group["attributes"][1]["subAttributes"][1],
        json!({ "name": "$ref", "type": "reference", "multiValued": false,
                "description": "The URI of the member.", "required": false, "caseExact": true,
                "mutability": "immutable", "returned": "default", "uniqueness": "none",
                "referenceTypes": ["User", "Group"] })
    );
    assert_eq!(
        group["attributes"][1]["subAttributes"][2]["canonicalValues"],
        json!(["User", "Group"])
    );
    assert_eq!(schema(BASE, "urn:other"), None);
}

#[test]
fn the_attributes_of_the_rfc_are_there() {
    let user = schema(BASE, "urn:ietf:params:scim:schemas:core:2.0:User").unwrap();
    let names: Vec<_> = user["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attribute| attribute["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names.join(" "),
        "userName name displayName nickName profileUrl title userType preferredLanguage locale \
         timezone active password emails phoneNumbers ims photos addresses groups entitlements \
         roles x509Certificates"
    );
    let password = &user["attributes"][11];
    assert_eq!(
        (&password["mutability"], &password["returned"]),
        (&json!("writeOnly"), &json!("never"))
    );
}

#[test]
fn there_is_no_filtering_here() {
    assert_eq!(refuse_filter("filter=id+pr").unwrap_err().status, 403);
    assert_eq!(refuse_filter("a=b&FILTER=x").unwrap_err().status, 403);
    assert_eq!(refuse_filter("filter").unwrap_err().status, 403);
    assert_eq!(refuse_filter("startIndex=1&filtered=x"), Ok(()));
    assert_eq!(refuse_filter(""), Ok(()));
}
