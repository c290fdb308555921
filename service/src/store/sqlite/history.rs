//! Tells a store that goes on from one that was restored: [`History`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};
use rusqlite::Connection;

use super::{Failure, revocations};
use crate::crypto::random;
use crate::private_files;

/// How many characters of its hash name a history: 132 bits.
const NAME: usize = 22;

/// The file beside a store that has the greatest number that anyone was told of its feed.
///
/// SECURITY: a subscriber that sees another epoch asks for everything. The name in the store would come back with a
/// backup. So the epoch also has a random text of this file, and that is replaced when the store has not reached a number
/// that was told: whatever has the number from then on is another entry. The backup of a store in which no number is
/// missing has the same history, and the same name.
///
/// The file knows its own inode, because a copy of it may be as old as the store's copy.
pub(super) struct History {
    path: PathBuf,
}

/// Where the feed is.
pub(super) struct Position {
    /// The last number.
    pub(super) latest: u64,
    /// The name of the feed's history.
    pub(super) epoch: String,
}

/// What the file has.
#[derive(PartialEq, Eq, Clone)]
struct Told {
    nonce: String,
    inode: u64,
    latest: u64,
}

impl History {
    /// Names the file beside a store.
    pub(super) fn beside(store: &Path) -> History {
        History { path: private_files::beside(store, "-feed") }
    }

    /// Reads where the feed is, and writes to the disk that it is told. It must be the first that a transaction reads.
    pub(super) fn position(&self, connection: &Connection) -> Result<Position, Failure> {
        // Until the file is closed. Another process may tell a number that this transaction, begun earlier, would not see.
        let mut file = self.open_locked().map_err(|cause| self.failure(&cause))?;
        let latest = revocations::latest(connection)?;
        let told = self.tell(&mut file, latest).map_err(|cause| self.failure(&cause))?;
        let stored: String = connection.prepare_cached("SELECT epoch FROM feed")?.query_row([], |row| row.get(0))?;
        let hash = digest(&SHA256, format!("{stored}/{}", told.nonce).as_bytes());
        let mut epoch = Base64UrlUnpadded::encode_string(hash.as_ref());
        epoch.truncate(NAME);
        Ok(Position { latest, epoch })
    }

    fn failure(&self, cause: &io::Error) -> Failure {
        Failure::History(format!("cannot read or write {}: {cause}", self.path.display()))
    }

    fn open_locked(&self) -> io::Result<File> {
        let file = private_files::open_or_create(&self.path)?;
        file.lock()?;
        Ok(file)
    }

    /// Writes the number unless the file has it.
    fn tell(&self, file: &mut File, latest: u64) -> io::Result<Told> {
        let (inode, before) = (inode(file)?, Told::read(file)?);
        let nonce = match &before {
            Some(told) if told.inode == inode && told.latest <= latest => told.nonce.clone(),
            None => random::id(),
            Some(_) => {
                tracing::warn!(file = %self.path.display(), "the store or this file was restored, the feed has another epoch");
                random::id()
            }
        };
        let told = Told { nonce, inode, latest };
        if before.as_ref() != Some(&told) {
            told.write(file)?;
        }
        Ok(told)
    }
}

impl Told {
    /// Reads the file; `None` if it is new or damaged.
    fn read(file: &mut File) -> io::Result<Option<Told>> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Told::parse(&String::from_utf8_lossy(&bytes)))
    }

    /// Parses the first line. What is after it was part of a longer one.
    fn parse(text: &str) -> Option<Told> {
        let mut fields = text.split_once('\n')?.0.split(' ');
        let (nonce, inode, latest) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Told { nonce: nonce.to_owned(), inode: inode.parse().ok()?, latest: latest.parse().ok()? })
    }

    fn write(&self, file: &mut File) -> io::Result<()> {
        let Told { nonce, inode, latest } = self;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(format!("{nonce} {inode} {latest}\n").as_bytes())?;
        file.sync_data()
    }
}

#[cfg(unix)]
fn inode(file: &File) -> io::Result<u64> {
    file.metadata().map(|metadata| std::os::unix::fs::MetadataExt::ino(&metadata))
}

/// Other systems have no such number in the standard library.
#[cfg(not(unix))]
fn inode(_: &File) -> io::Result<u64> {
    Ok(0)
}
