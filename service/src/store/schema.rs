//! The version of a store's tables: [`Schema`].

use std::fmt::Display;

use anyhow::ensure;

/// The version of a store's tables, and the newest one that this version of Daypass knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) found: usize,
    pub(crate) known: usize,
}

impl Schema {
    /// Requires that this version of Daypass knows the tables.
    ///
    /// # Errors
    /// When a newer version has written them.
    pub(super) fn require_known(self, store: &impl Display) -> anyhow::Result<()> {
        let Schema { found, known } = self;
        ensure!(
            found <= known,
            "the store {store} is of a newer version of Daypass (its tables have version {found}, and this one knows \
             {known}): run that version, there is no way back to this one"
        );
        Ok(())
    }

    /// Requires that the tables have the newest version, so that a command beside an older service does not take them
    /// away from it.
    ///
    /// # Errors
    /// When another version has written them.
    pub(super) fn require_current(self, store: &impl Display) -> anyhow::Result<()> {
        self.require_known(store)?;
        let Schema { found, known } = self;
        ensure!(
            found == known,
            "the store {store} is of an older version of Daypass (its tables have version {found}, and this one has \
             {known}): start `daypass serve` of this version, which upgrades them and leaves no way back, or use the \
             command line of that version"
        );
        Ok(())
    }
}
