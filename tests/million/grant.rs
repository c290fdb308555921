//! `Grant` and `Requirement`.

use daypass::{Grant, Requirement, Resource, Scope, ScopeSet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::cases::check;
use crate::scope::scope;
use crate::typo::typo;

const RESOURCES: [(&str, &str); 5] = [("floor", "f1"), ("floor", "f2"), ("site", "f1"), ("site", "s2"), ("*", "f1")];

fn resource((kind, id): (&str, &str)) -> Resource {
    Resource { kind: kind.into(), id: id.into() }
}

fn grant() -> impl Strategy<Value = Grant> {
    let resources = prop_oneof![Just(vec![]), subsequence(&RESOURCES[..], 1..4)];
    (select(&["acme", "acme2", "*"][..]), vec(scope(), 0..4), resources).prop_map(|(tenant, scopes, resources)| Grant {
        tenant: tenant.into(),
        scopes: scopes.into_iter().collect(),
        resources: resources.into_iter().map(resource).collect(),
    })
}

/// A request for a scope in a tenant and for named resources, of the scope's own type (`None`) or of another.
#[derive(Debug, Clone)]
struct Request {
    tenant: &'static str,
    scope: Scope,
    resources: Vec<(Option<&'static str>, &'static str)>,
}

fn request() -> impl Strategy<Value = Request> {
    let own = select(&["f1", "f2", "s2"][..]).prop_map(|id| (None, id));
    let other = select(&RESOURCES[..]).prop_map(|(kind, id)| (Some(kind), id));
    (select(&["acme", "acme2"][..]), scope(), vec(prop_oneof![3 => own, 1 => other], 0..3))
        .prop_map(|(tenant, scope, resources)| Request { tenant, scope, resources })
}

impl Request {
    fn is_allowed_by(&self, grant: &Grant) -> bool {
        let requirement = Requirement::new(&self.scope, self.tenant);
        grant.allows(&self.resources.iter().fold(requirement, |requirement, (kind, id)| match kind {
            None => requirement.resource(id),
            Some(kind) => requirement.resource_of_type(kind, id),
        }))
    }
}

/// A change that narrows a grant.
#[derive(Debug, Clone)]
enum Less {
    Tenant(&'static str),
    WithoutScope(Index),
    NarrowerScope(Index, &'static str),
    Limit((&'static str, &'static str)),
    TighterLimit(Index),
}

fn less() -> impl Strategy<Value = Less> {
    prop_oneof![
        select(&["acme", "acme2"][..]).prop_map(Less::Tenant),
        any::<Index>().prop_map(Less::WithoutScope),
        (any::<Index>(), select(&["f1", "f2"][..])).prop_map(|(at, id)| Less::NarrowerScope(at, id)),
        select(&RESOURCES[..]).prop_map(Less::Limit),
        any::<Index>().prop_map(Less::TighterLimit),
    ]
}

impl Less {
    /// Returns the narrower grant, or an equal one where the change does not apply.
    fn of(&self, grant: &Grant) -> Grant {
        let mut less = grant.clone();
        let mut scopes: Vec<Scope> = grant.scopes.iter().cloned().collect();
        match self {
            Less::Tenant(tenant) if grant.tenant == "*" => less.tenant = (*tenant).into(),
            Less::WithoutScope(at) if !scopes.is_empty() => drop(scopes.remove(at.index(scopes.len()))),
            Less::NarrowerScope(at, id) if !scopes.is_empty() => {
                let scope = at.get_mut(&mut scopes);
                *scope = narrower(scope, id);
            }
            // A further limit of a type that has limits would widen the grant.
            Less::Limit(limit) if grant.resources.iter().all(|resource| resource.kind != limit.0) => {
                less.resources.push(resource(*limit));
            }
            Less::TighterLimit(at) if !grant.resources.is_empty() => {
                let at = at.index(grant.resources.len());
                // A type without its last limit would be unlimited.
                if grant.resources.iter().filter(|resource| resource.kind == grant.resources[at].kind).count() > 1 {
                    less.resources.remove(at);
                }
            }
            _ => {}
        }
        Grant { scopes: scopes.into_iter().collect::<ScopeSet>(), ..less }
    }
}

/// Returns the next narrower scope, or the scope itself if it is the narrowest.
fn narrower(scope: &Scope, id: &str) -> Scope {
    let text = match (scope.resource(), scope.action(), scope.resource_id()) {
        ("*", ..) => "floor:*".to_owned(),
        (resource, "*", None) => format!("{resource}:read"),
        (resource, "*", Some(id)) => format!("{resource}:read:{id}"),
        (resource, action, None) => format!("{resource}:{action}:{id}"),
        _ => scope.to_string(),
    };
    text.parse().unwrap()
}

/// A change that mostly widens a grant.
#[derive(Debug, Clone)]
enum More {
    AnyTenant,
    Scope(Scope),
    AnotherOfType((&'static str, &'static str)),
    WithoutLimits(&'static str),
}

fn more() -> impl Strategy<Value = More> {
    prop_oneof![
        Just(More::AnyTenant),
        scope().prop_map(More::Scope),
        select(&RESOURCES[..]).prop_map(More::AnotherOfType),
        select(&["floor", "site", "*"][..]).prop_map(More::WithoutLimits),
    ]
}

impl More {
    fn of(&self, grant: &Grant) -> Grant {
        let mut more = grant.clone();
        match self {
            More::AnyTenant => more.tenant = "*".into(),
            More::Scope(scope) => more.scopes = grant.scopes.iter().chain([scope]).cloned().collect(),
            More::AnotherOfType(another) => more.resources.push(resource(*another)),
            More::WithoutLimits(kind) => more.resources.retain(|resource| resource.kind != *kind),
        }
        more
    }
}

#[test]
fn a_parent_allows_everything_that_a_covered_child_allows() {
    // Most children are narrower than their parent, and some of those wider in one respect.
    let changes = (vec(less(), 0..3), option::of(more()));
    let families = (grant(), option::weighted(0.2, grant()), changes);
    check(&(families, request()), |((parent, other, (less, more)), request)| {
        let child = less.iter().fold(other.unwrap_or(parent.clone()), |grant, step| step.of(&grant));
        let child = more.map_or(child.clone(), |step| step.of(&child));
        let [covered, child_may, parent_may] =
            [parent.covers(&child), request.is_allowed_by(&child), request.is_allowed_by(&parent)];
        prop_assert!(!covered || !child_may || parent_may);
        Ok([covered, child_may, parent_may, covered && parent_may])
    });
}

#[test]
fn narrowing_is_covered_and_never_allows_more() {
    check(&(grant(), vec(less(), 1..4), request()), |(wide, steps, request)| {
        let narrow = steps.iter().fold(wide.clone(), |grant, step| step.of(&grant));
        prop_assert!(wide.covers(&narrow), "{:?}", narrow);
        let [wide_may, narrow_may] = [request.is_allowed_by(&wide), request.is_allowed_by(&narrow)];
        prop_assert!(!narrow_may || wide_may, "{:?}", narrow);
        Ok([narrow == wide, wide_may, narrow_may])
    });
}

#[test]
fn a_grant_comes_back_from_its_json() {
    let text = || vec(select("ab*:\"\\/\n\0é\u{2028}😀".chars().collect::<Vec<_>>()), 0..6).prop_map(String::from_iter);
    let resources = vec((text(), text()).prop_map(|(kind, id)| Resource { kind, id }), 0..3);
    let grants = (text(), vec(scope(), 0..4), resources).prop_map(|(tenant, scopes, resources)| Grant {
        tenant,
        scopes: scopes.into_iter().collect(),
        resources,
    });
    check(&(grants, typo("\"{}[],:a1 ")), |(grant, typo)| {
        let json = serde_json::to_string(&grant).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Grant>(&json).unwrap(), &grant);
        // A text with a typo is no grant, or it is a grant that comes back from its own JSON.
        let near = serde_json::from_str::<Grant>(&typo.of(&json));
        if let Ok(near) = &near {
            let again = serde_json::to_string(near).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Grant>(&again).unwrap(), near);
        }
        Ok([near.is_ok(), grant.resources.is_empty()])
    });
}
