//! The browser SDK's files, which `build.rs` embeds: [`FILES`].

/// One self-contained file of the browser SDK.
#[derive(Clone, Copy)]
pub(crate) struct SdkFile {
    /// Its name at `/sdk/<version>/`.
    pub(crate) name: &'static str,
    /// How a page loads it: the `type` of its script element, `module` or `script`.
    pub(crate) kind: &'static str,
    pub(crate) bytes: &'static [u8],
    /// The bytes, compressed with gzip.
    pub(crate) gzip: &'static [u8],
}

/// The SDK's files; none if the npm package was not built before this binary.
#[cfg(not(sdk))]
pub(crate) const FILES: &[SdkFile] = &[];

/// The SDK's files; none if the npm package was not built before this binary.
#[cfg(sdk)]
pub(crate) const FILES: &[SdkFile] = &[
    SdkFile {
        name: "daypass.js",
        kind: "module",
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/index.js")),
        gzip: include_bytes!(concat!(env!("OUT_DIR"), "/index.js.gz")),
    },
    SdkFile {
        name: "daypass.global.js",
        kind: "script",
        bytes: include_bytes!(concat!(env!("OUT_DIR"), "/global.js")),
        gzip: include_bytes!(concat!(env!("OUT_DIR"), "/global.js.gz")),
    },
];
