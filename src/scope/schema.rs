//! The JSON Schema of scopes: both forms that are read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{MAX_ID, MAX_NAME, Scope, ScopeSet};

impl JsonSchema for Scope {
    fn schema_name() -> Cow<'static, str> {
        "Scope".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let name = format!("[A-Za-z][A-Za-z0-9_-]{{0,{}}}", MAX_NAME - 1);
        let id = format!("[A-Za-z0-9._~-]{{1,{MAX_ID}}}");
        let (resource, action) = (format!("^{name}$"), format!("^({name}|\\*)$"));
        json_schema!({
            "description": "A scope: `resource:action`, or `resource:action:resourceId` for one resource. The action `*` is every action.",
            "anyOf": [
                { "type": "string", "pattern": format!("^(\\*|{name}:({name}|\\*)(:{id})?)$") },
                {
                    "type": "object",
                    "properties": {
                        "resource": { "type": "string", "pattern": resource },
                        "action": { "type": "string", "pattern": action },
                        "resourceId": { "type": ["string", "null"], "pattern": format!("^{id}$") }
                    },
                    "required": ["resource", "action"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

impl JsonSchema for ScopeSet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ScopeSet".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<Scope>>::json_schema(generator)
    }
}
