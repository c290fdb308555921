//! Files that only their owner may read or write, and the folders that they are in.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

/// What the group and other users may do, in the mode of a file.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// Creates a file that only its owner can read.
///
/// # Errors
/// When there is a file of this name, or it cannot be created.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().read(true).write(true).create_new(true)).open(path)
}

/// Opens a file, or creates one that only its owner can read.
///
/// # Errors
/// When it cannot be opened or created.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(false)).open(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Reads the text of a file with a secret.
///
/// # Errors
/// When it cannot be read, or others can read or write it. The error does not repeat its content.
pub(crate) fn read_secret(path: &Path) -> anyhow::Result<String> {
    if let Some(mode) = open_to_others(path)? {
        bail!("others can read or write this file (mode {mode:04o}): run `chmod 600 {}`", path.display());
    }
    Ok(std::fs::read_to_string(path)?)
}

/// Returns the mode of a file that others can read or write.
///
/// # Errors
/// When there is no such file.
#[cfg(unix)]
pub(crate) fn open_to_others(path: &Path) -> io::Result<Option<u32>> {
    let mode = mode(path)?;
    Ok((mode & OTHERS != 0).then_some(mode))
}

/// Elsewhere the folder's permissions decide.
#[cfg(not(unix))]
pub(crate) fn open_to_others(path: &Path) -> io::Result<Option<u32>> {
    path.metadata().map(|_| None)
}

/// Takes the permissions of others away, and says so in the log. A file that does not exist stays so.
///
/// # Errors
/// When the permissions cannot be changed.
#[cfg(unix)]
pub(crate) fn narrow(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match open_to_others(path) {
        Ok(Some(mode)) => mode,
        Ok(None) => return Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(cause).with_context(|| format!("cannot see who can read {}", path.display())),
    };
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode & !OTHERS)).with_context(|| {
        let file = path.display();
        format!("others can read or write {file} (mode {mode:04o}): let its owner run `chmod 600 {file}`")
    })?;
    tracing::warn!(file = %path.display(), mode = format!("{mode:04o}"), "others could read or write this file, now only its owner can");
    Ok(())
}

/// Elsewhere the folder's permissions decide.
#[cfg(not(unix))]
pub(crate) fn narrow(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// Requires that not everybody can replace the files in the folder of this file.
///
/// # Errors
/// When all users can write to the folder, and it lacks the sticky bit.
#[cfg(unix)]
pub(crate) fn require_safe_folder(file: &Path) -> anyhow::Result<()> {
    let folder = folder(file);
    // Without a folder the file cannot be created, which says why.
    let Ok(mode) = mode(folder) else { return Ok(()) };
    ensure!(
        mode & 0o1002 != 0o002,
        "every user of this machine can replace {} (the folder has mode {mode:04o}): run `chmod o-w {}`, or use a \
         folder of its own",
        file.display(),
        folder.display()
    );
    Ok(())
}

/// Elsewhere the permissions have another form.
#[cfg(not(unix))]
pub(crate) fn require_safe_folder(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// Returns the folder of a file.
pub(crate) fn folder(file: &Path) -> &Path {
    let folder = file.parent().unwrap_or(file);
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Returns the path with this ending after its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes to the disk that a file of this folder has its name.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(file))?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn mode(path: &Path) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(path.metadata()?.permissions().mode() & 0o7777)
}
