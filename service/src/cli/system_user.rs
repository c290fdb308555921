//! The system's user who runs the command line.

/// Returns the user's name, or else the number.
pub(super) fn name() -> String {
    #[cfg(unix)]
    {
        let id = nix::unistd::getuid();
        let user = nix::unistd::User::from_uid(id).ok().flatten();
        user.map_or_else(|| id.to_string(), |user| user.name)
    }
    #[cfg(not(unix))]
    std::env::var("USERNAME").unwrap_or_default()
}
