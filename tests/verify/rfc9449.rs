//! The example of a proof in RFC 9449, section 7.1.

use crate::common::{claims, signer, verifier};
use daypass::Error;
use daypass::jwt::JwtType;
use daypass::verify::{Credentials, Dpop, ProofContext, TokenLocation};
use serde_json::json;

/// The proof, its key and its token from RFC 9449, section 7.1, figure 13.
#[tokio::test]
async fn the_example_of_rfc_9449_passes_every_check_but_the_token() {
    let proof = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZ",
        "OXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIs",
        "ImNydiI6IlAtMjU2In19.",
        "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9w",
        "cm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlp",
        "S0NBcWtzbVFFbyJ9.",
        "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
    );
    // The RFC's proof is for an opaque token of its own. Every check before that one must pass.
    let mut claims = claims();
    claims["cnf"] = json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
    let token = signer().jwt(JwtType::AccessToken, &claims);
    let verifier = verifier().keys(signer().keys()).dpop(Dpop::new("https://resource.example.org"));
    let context = ProofContext { proof, method: "GET", path: "/protectedresource" };
    let result = verifier.verify(&Credentials::new(&token, TokenLocation::Dpop).with_proof(context), None).await;
    assert_eq!(result.unwrap_err(), Error::InvalidDpopProof("The proof is for another token."));
}
