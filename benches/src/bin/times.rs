//! Nanoseconds of processor time a decision, beside the limits and the peers, with Criterion.
//!
//! Every row is measured once a round, forwards in one round and backwards in the next, so that what is compared was measured
//! within seconds and neither is always first. The ratio of two rows is the median of their ratios in the rounds.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use base64ct::{Base64UrlUnpadded, Encoding};
use clap::Parser;
use criterion::{Bencher, Criterion};
use daypass::api::TokenRecord;

use daypass::verify::Verifier;
use daypass::{Grant, OriginPattern, TokenKind};
use daypass_bench::cpu_time::CpuTime;
use daypass_bench::fixture::{self, Issuer, SITE, Store, bearer, decide, need};
use daypass_bench::peers::{BiscuitAuth, JsonWebToken};
use daypass_bench::{Options, Results, node, write};

/// A row's name and what runs its loop.
type Row = (String, Box<dyn Fn(&mut Bencher<'_, CpuTime>)>);

fn main() -> Result<()> {
    let options = Options::parse();
    let issuer = Issuer::new();
    let token = issuer.token(&fixture::claims("tmp_1"));
    let mut rows = rows(&issuer, &token)?;

    let (rounds, time) = if options.quick { (3, 200) } else { (15, 400) };
    let folder = tempfile::tempdir()?;
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .output_directory(folder.path())
        .without_plots()
        .sample_size(20)
        .nresamples(5_000)
        .warm_up_time(Duration::from_millis(time / 4))
        .measurement_time(Duration::from_millis(time));

    let mut results = Results::new();
    for round in 0..rounds {
        let group = format!("round {}", round + 1);
        for (row, run) in &rows {
            criterion.benchmark_group(&group).bench_function(row, run);
            results.entry(row.clone()).or_default().push(estimate(folder.path(), &group, row)?);
        }
        for (row, nanoseconds) in node::measure(&issuer, &token, options.quick)? {
            results.entry(row).or_default().push(nanoseconds);
        }
        rows.reverse();
    }
    write(&options, &results)
}

fn rows(issuer: &Issuer, token: &str) -> Result<Vec<Row>> {
    let jsonwebtoken = JsonWebToken::new(issuer)?;
    let biscuit = BiscuitAuth::new(&fixture::claims("tmp_1"))?;
    let ed25519 = ed25519(issuer, token)?;
    let (stored, record) = fixture::stored(TokenKind::Secret);
    let opaque = stored.expose_secret().to_owned();
    let store = Store::from((stored, record));
    let text = token.to_owned();

    let mut rows = vec![
        row("limit/ed25519", ed25519),
        decision("verify/signed-cold", fixture::cold(issuer), token, None),
        row("peer/jsonwebtoken", move || jsonwebtoken.decode(black_box(&text)).is_ok()),
        row("peer/biscuit", move || biscuit.authorize().is_ok()),
        decision("verify/signed-cached", fixture::cached(issuer, Store::default(), fixture::cache()), token, None),
        row("limit/sha256", || digest(&SHA256, black_box(&[b'x'; 52]))),
        decision("verify/opaque-cached", fixture::cached(issuer, store, fixture::cache()), &opaque, None),
    ];
    for count in [1, 10, 100] {
        rows.push(listing(&format!("verify/grants-{count}"), issuer, fixture::grants(count), fixture::origins(1)));
        rows.push(listing(&format!("verify/origins-{count}"), issuer, fixture::grants(1), fixture::origins(count)));
    }
    Ok(rows)
}

/// A decision on an opaque token that lists these, for a page. A signed one of a hundred grants would be too long.
fn listing(name: &str, issuer: &Issuer, grants: Vec<Grant>, origins: Vec<OriginPattern>) -> Row {
    let (stored, record) = fixture::stored(TokenKind::Publishable);
    let token = stored.expose_secret().to_owned();
    let store = Store::from((stored, TokenRecord { grants, origins, ..record }));
    decision(name, fixture::cached(issuer, store, fixture::cache()), &token, Some(SITE))
}

fn row<T>(name: &str, run: impl Fn() -> T + 'static) -> Row {
    (name.to_owned(), Box::new(move |bencher| bencher.iter(&run)))
}

/// A whole decision, from the header's text to the access, by a verifier that has made it before.
fn decision(name: &str, verifier: Verifier, token: &str, origin: Option<&'static str>) -> Row {
    let token = token.to_owned();
    let need = need();
    let run = move || {
        let credentials = match origin {
            Some(origin) => bearer(black_box(&token)).from_origin(black_box(origin)),
            None => bearer(black_box(&token)),
        };
        decide(&verifier, &credentials, black_box(&need))
    };
    run();
    row(name, run)
}

/// The verification that `verify/signed-cold` cannot do without: the same bytes, a key that is parsed, a decoded signature.
fn ed25519(issuer: &Issuer, token: &str) -> Result<impl Fn() -> bool + use<>> {
    let key = ParsedPublicKey::new(&ED25519, issuer.public_key())?;
    let (input, signature) = token.rsplit_once('.').context("the token has three parts")?;
    let signature = Base64UrlUnpadded::decode_vec(signature).context("the signature is base64url")?;
    let input = input.to_owned();
    Ok(move || key.verify_sig(black_box(input.as_bytes()), black_box(&signature)).is_ok())
}

/// Criterion's median for a row that was just measured, in nanoseconds. It gives it only in a file.
fn estimate(folder: &Path, group: &str, row: &str) -> Result<f64> {
    let file = folder.join(group).join(row.replace('/', "_")).join("new/estimates.json");
    let text = fs::read(&file).with_context(|| format!("Criterion wrote no {}", file.display()))?;
    let estimates: serde_json::Value = serde_json::from_slice(&text)?;
    estimates["median"]["point_estimate"].as_f64().context("Criterion gave no median")
}
