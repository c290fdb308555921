//! Unicode's cases for international names: `IdnaTestV2.txt` of UTS #46, which the crate `idna` ships.

use std::collections::BTreeSet;

use crate::origins::normalize_origin;
use crate::package::read_file;

/// One line of the file: the columns of `ToASCII` without transitional processing.
struct Case {
    source: String,
    to_ascii: String,
    /// The rules that the source breaks; empty if it is a valid name.
    broken: BTreeSet<String>,
}

/// Returns the cases, except those with half a surrogate pair, which Rust strings cannot hold.
fn cases() -> Vec<Case> {
    let file = read_file("idna", "tests/IdnaTestV2.txt");
    let lines = file.lines().map(|line| line.split('#').next().unwrap()).filter(|line| !line.trim().is_empty());
    let cases: Vec<_> = lines.filter_map(case).collect();
    assert!(cases.len() >= 6_387, "{} cases", cases.len());
    cases
}

fn case(line: &str) -> Option<Case> {
    let columns: Vec<_> = line.split(';').map(str::trim).collect();
    // A blank column repeats the column that it derives from.
    let or = |column: usize, other| if columns[column].is_empty() { other } else { columns[column] };
    let status = or(4, columns[2]).trim_matches(['[', ']']);
    Some(Case {
        source: unescape(columns[0])?,
        to_ascii: unescape(or(3, or(1, columns[0])))?,
        broken: status.split(", ").filter(|rule| !rule.is_empty()).map(str::to_owned).collect(),
    })
}

/// Reads `\u1234`, and `""` as the empty text.
fn unescape(column: &str) -> Option<String> {
    if column == r#""""# {
        return Some(String::new());
    }
    let (start, escaped) = column.split_once("\\u").unwrap_or((column, ""));
    let parts = escaped.split("\\u").filter(|part| !part.is_empty()).map(|part| {
        let (digits, rest) = part.split_at(4);
        Some(format!("{}{rest}", char::from_u32(u32::from_str_radix(digits, 16).unwrap())?))
    });
    Some(format!("{start}{}", parts.collect::<Option<String>>()?))
}

#[test]
fn a_name_becomes_what_unicode_says_or_is_refused() {
    // Hyphens in the wrong place and what only looks like punycode: browsers accept them (the URL standard's
    // `CheckHyphens` is false), and so does the crate.
    let of_hyphens: BTreeSet<String> = ["V2", "V3", "V4"].map(str::to_owned).into();
    // Characters that Unicode has since version 17 or 18; the file is of version 16.
    let newer = ["xn--5cb172r175fug38a.xn--mlj", "xn--9-i0j5967eg3qz.ss", "xn--t92s.xn--znb.xn--5-y88f"];
    let (mut names, mut errors) = (0, 0);
    for Case { source, to_ascii, broken } in cases() {
        let normal = normalize_origin(&source).ok().map(|pattern| pattern.to_string());
        if broken.is_subset(&of_hyphens) || newer.contains(&&*to_ascii) {
            names += 1;
            assert_eq!(normal, Some(to_ascii), "{source:?} breaks {broken:?}");
        } else {
            errors += 1;
            assert_eq!(normal, None, "{source:?} breaks {broken:?}");
        }
    }
    assert!(names >= 605 && errors >= 5_782, "{names} names, {errors} errors");
}
