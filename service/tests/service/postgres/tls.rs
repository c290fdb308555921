//! TLS to the database, with certificates that the test makes.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::backend::{Backend, Session};
use super::cluster::Cluster;
use super::running::{Daypass, daypass, send};
use crate::binary::run_to_end;

/// The name in the server's certificate.
const NAME: &str = "db.example";

/// An address of this machine that is this test's own.
fn address() -> String {
    let number = std::process::id();
    format!("127.{}.{}.{}", 100 + number / 65_536 % 100, number / 256 % 256, number % 256)
}

/// A cluster with TLS on an address.
struct Server {
    cluster: Cluster,
    address: String,
    /// The certificates of its issuer, and of another.
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let (address, folder) = (address(), tempfile::tempdir().expect("a folder"));
        let cluster = Cluster::start_at(&address);
        let data = PathBuf::from(cluster.folder()).join("data");
        let (issuer, other) = (issuer("One"), issuer("Another"));
        std::fs::write(folder.path().join("issuer.pem"), issuer.pem()).expect("a file");
        std::fs::write(folder.path().join("other.pem"), other.pem()).expect("a file");
        std::fs::write(folder.path().join("empty.pem"), "no certificate").expect("a file");
        let key = KeyPair::generate().expect("a key");
        let names = CertificateParams::new(vec![NAME.to_owned()]).expect("a name");
        let certificate = names.signed_by(&key, &issuer).expect("a certificate");
        write(&data, "server.crt", &certificate.pem());
        write(&data, "server.key", &key.serialize_pem());
        let hba = std::fs::read_to_string(data.join("pg_hba.conf")).expect("a file");
        write(&data, "pg_hba.conf", &format!("{hba}\nhost all all 127.0.0.0/8 trust\n"));
        let server = Server { cluster, address, folder };
        server.set_tls(true);
        server
    }

    fn set_tls(&self, is_on: bool) {
        self.cluster.administer(&format!("ALTER SYSTEM SET ssl = {is_on}"));
        self.cluster.administer("SELECT pg_reload_conf()");
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.cluster.query("SHOW ssl") != if is_on { "on" } else { "off" } {
            assert!(Instant::now() < deadline, "the setting is not loaded");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Creates a database, and returns its name.
    fn create_database(&self) -> String {
        self.cluster.create_database().rsplit_once('/').expect("a name").1.to_owned()
    }

    /// Returns the URL of a database by a name of the server, with parameters. `ISSUER` and `OTHER` stand for files.
    fn url(&self, host: &str, database: &str, parameters: &str) -> String {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let parameters = parameters.replace("ISSUER", &file("issuer.pem")).replace("OTHER", &file("other.pem"));
        let parameters = parameters.replace("EMPTY", &file("empty.pem"));
        format!("postgres://daypass@{host}/{database}?hostaddr={}{parameters}", self.address)
    }
}

fn issuer(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// Writes a file that the server's user owns, and nobody else reads.
fn write(data: &Path, name: &str, text: &str) {
    let (path, owner) = (data.join(name), std::fs::metadata(data).expect("a folder"));
    std::fs::write(&path, text).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a file");
    std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).expect("a file");
}

#[tokio::test]
async fn all_connections_of_a_node_are_encrypted_and_a_wrong_certificate_is_refused_in_words() {
    let server = Server::start();
    let database = server.create_database();
    let url = server.url(NAME, &database, "&sslmode=verify-full&sslrootcert=ISSUER");
    let service = Daypass::start_in(tempfile::tempdir().expect("a folder"), Backend::at(url.clone()), &[]);
    let (_, id) = service.create_secret().await;
    service.revoke(&id).await;
    assert_eq!(send(service.get("/v2/access-token").bearer_auth(&service.admin)).await.0, 200);
    let connections = |filter: &str| {
        let count =
            "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name = 'daypass'";
        Session::open(&format!("{}?host={}", url.split('?').next().expect("a URL"), server.cluster.folder()))
            .number(&format!("{count} AND {filter}"))
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while connections("query ILIKE 'LISTEN%'") == 0 {
        assert!(Instant::now() < deadline, "the node does not listen");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(connections("ssl AND version = 'TLSv1.3'") >= 4);
    assert_eq!(connections("NOT ssl"), 0);

    for (host, parameters, refused) in [
        (NAME, "", None),
        (NAME, "&sslmode=disable", None),
        (NAME, "&sslmode=prefer", None),
        (NAME, "&sslmode=require", None),
        (NAME, "&sslmode=require&sslrootcert=ISSUER", None),
        (NAME, "&sslmode=require&sslrootcert=OTHER", Some("has another issuer: give `sslrootcert`")),
        ("other.example", "&sslmode=require", None),
        ("other.example", "&sslmode=verify-ca&sslrootcert=ISSUER", None),
        ("other.example", "&sslmode=verify-ca&sslrootcert=OTHER", Some("has another issuer: give `sslrootcert`")),
        ("other.example", "&sslmode=verify-full&sslrootcert=ISSUER", Some("is for another name: use the name")),
        (NAME, "&sslmode=verify-full&sslrootcert=ISSUER", None),
        (NAME, "&sslmode=verify-full&sslrootcert=OTHER", Some("has another issuer: give `sslrootcert`")),
        (NAME, "&sslmode=verify-full&sslrootcert=system", Some("`sslrootcert`")),
        (NAME, "&sslmode=verify-full&sslrootcert=EMPTY", Some("empty.pem has no certificate: it must be PEM")),
        (NAME, "&sslmode=verify-full&sslrootcert=missing.pem", Some("the file of `sslrootcert`, missing.pem")),
        (NAME, "&sslmode=verify-full", Some("add `sslrootcert=FILE`")),
    ] {
        expect(&server.url(host, &database, parameters), refused);
    }
    drop(service);
    server.set_tls(false);
    expect(&server.url(NAME, &database, ""), None);
    expect(&server.url(NAME, &database, "&sslmode=require"), Some("it has no TLS: set `ssl = on` there"));
}

/// Expects that a command reads the store, or is refused with these words.
fn expect(url: &str, refused: Option<&str>) {
    let output = run_to_end(daypass().args(["key", "list"]).env("DAYPASS_STORE", url));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), refused.is_none(), "{url}: {error}");
    assert!(error.contains(refused.unwrap_or_default()), "{url}: {error}");
}
