//! Clients that are scripts. They speak with the test in lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::world::World;

/// Runs a script to its end, and returns what it says that it has done. It is given the world, and the person
/// visits the authorization URLs that it asks for.
pub(crate) async fn complete(world: &World, mut command: Command) -> Vec<String> {
    let what = format!("{command:?}");
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let mut done = None;
    block_in_place(|| {
        writeln!(input, "{}", world.description()).unwrap();
        for line in output.lines() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if let Some(url) = line["visit"].as_str() {
                let back = Handle::current().block_on(world.person.visit(url));
                writeln!(input, "{}", json!(back)).unwrap();
            } else {
                done = serde_json::from_value(line["done"].clone()).unwrap();
            }
        }
        assert!(process.wait().unwrap().success(), "{what} failed");
    });
    done.unwrap_or_else(|| panic!("{what} did not finish"))
}
