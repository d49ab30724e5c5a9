//! The operations table holds together: one name, one path, one permission each.

use mesh_authz::Access;
use mesh_service::{Effect, Method, OPS};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_operation_has_a_permission_or_says_why_not() {
    for op in OPS {
        match op.spec.access {
            Access::Needs(_) | Access::Myself | Access::Operator => {}
            Access::Public(why) => assert!(why.split_whitespace().count() >= 3, "{}: {why:?} is no reason", op.spec),
        }
        assert!(op.spec.summary.ends_with('.'), "{} has no sentence about it", op.spec);
    }
}

#[test]
fn names_and_doors_are_unique() {
    let (mut names, mut routes, mut imports) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for op in OPS {
        assert!(names.insert(op.spec.name), "{} twice", op.spec);
        let (noun, verb) = op.spec.name.split_once('.').expect("noun.verb");
        let snake = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
        assert!(snake(noun) && snake(verb), "{}", op.spec);
        if let Some(http) = op.spec.http {
            assert!(
                routes.insert((http.method.as_str(), http.path)),
                "{} {} twice",
                http.method.as_str(),
                http.path
            );
            assert_eq!(
                op.spec.effect == Effect::Read && http.method != Method::Post,
                http.method == Method::Get,
                "{}",
                op.spec
            );
        }
        if let Some(import) = op.spec.doors.wasm {
            assert!(imports.insert(import), "{import:?} twice");
        }
        assert!(
            op.spec.http.is_some() || op.spec.doors.wasm.is_some(),
            "{} has no door",
            op.spec
        );
    }
}

/// The router wants one name per position; so do people who read the documents.
#[test]
fn a_position_in_a_path_has_one_name() {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for path in OPS.iter().filter_map(|op| op.spec.http.map(|http| http.path)) {
        let mut prefix = String::new();
        for part in path.split('/') {
            if part.starts_with('{') {
                let known = names.entry(prefix.clone()).or_insert(part);
                assert_eq!(*known, part, "{path}");
                prefix.push_str("/{}");
            } else {
                prefix = format!("{prefix}/{part}");
            }
        }
    }
}

/// What only people may do has no door through which a model could do it.
#[test]
fn what_is_for_people_has_no_door_for_bots() {
    for op in OPS {
        if let Access::Needs(permission) = op.spec.access
            && permission.human_only()
        {
            assert!(op.spec.doors.wasm.is_none() && !op.spec.doors.mcp, "{}", op.spec);
        }
    }
}

/// Every path parameter is a field of the input, and every schema can be made.
#[test]
fn inputs_have_the_fields_that_paths_name() {
    for op in OPS {
        let mut generator = schemars::SchemaGenerator::default();
        let schema = (op.input)(&mut generator);
        let name = schema.as_value()["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next())
            .map(str::to_owned);
        let schema = match name {
            Some(name) => generator.definitions()[&name].clone(),
            None => schema.as_value().clone(),
        };
        (op.output)(&mut generator);
        for parameter in op
            .spec
            .http
            .iter()
            .flat_map(|http| http.path.split('/'))
            .filter(|part| part.starts_with('{'))
        {
            let field = parameter.trim_matches(['{', '}', '*']);
            assert!(
                schema["properties"].get(field).is_some(),
                "{} has no field {field}: {schema}",
                op.spec
            );
        }
    }
}
