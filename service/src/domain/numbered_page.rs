//! Pages of a list by their number, as Threekit has them: [`NumberedPage`].

use daypass::Error;

/// The most entries of a page, and those of one whose request names no number.
const SIZE: usize = 100;
/// The last page. Each entry before a page is read for it.
const LAST: usize = 100;

/// A page of a list: its number, from 1, and how many entries a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NumberedPage {
    number: usize,
    size: usize,
}

impl NumberedPage {
    /// Reads a page as a query has it. A larger size than the most is the most.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], which names the parameter.
    pub(crate) fn parse(number: Option<&str>, size: Option<&str>) -> Result<NumberedPage, Error> {
        let read = |name: &str, text: Option<&str>, default: usize| match text {
            None => Ok(default),
            Some(text) => text.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
                Error::InvalidRequest(format!("The parameter `{name}` must be a whole number from 1, not {text:?}."))
            }),
        };
        let (number, size) = (read("page", number, 1)?, read("perPage", size, SIZE)?.min(SIZE));
        if number > LAST {
            return Err(Error::InvalidRequest(format!("The last `page` of a list is {LAST}.")));
        }
        Ok(NumberedPage { number, size })
    }

    /// Returns its number.
    pub(crate) fn number(self) -> usize {
        self.number
    }

    /// Returns how many entries it has at most.
    pub(crate) fn size(self) -> usize {
        self.size
    }

    /// Returns how many entries come before it.
    pub(crate) fn skipped(self) -> usize {
        (self.number - 1) * self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_after_the_entries_of_the_pages_before_it() {
        for (number, size, expected) in [
            (None, None, Some((1, 100, 0))),
            (Some("1"), Some("20"), Some((1, 20, 0))),
            (Some("3"), Some("20"), Some((3, 20, 40))),
            (Some("2"), Some("1000"), Some((2, 100, 100))),
            (Some("100"), None, Some((100, 100, 9900))),
            (Some("101"), None, None),
            (Some("0"), None, None),
            (None, Some("0"), None),
            (Some("-1"), None, None),
            (Some(""), None, None),
            (Some("1.5"), None, None),
            (None, Some("99999999999999999999"), None),
        ] {
            let page = NumberedPage::parse(number, size);
            let page = page.map(|page| (page.number(), page.size(), page.skipped())).ok();
            assert_eq!(page, expected, "{number:?} {size:?}");
        }
    }
}
