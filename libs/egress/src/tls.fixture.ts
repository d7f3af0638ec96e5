/** A self-signed certificate of the name app.test, for tests of TLS. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=app.test -addext subjectAltName=DNS:app.test`.
 */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBkjCCATigAwIBAgIUN+F9c/WR+R/DlyR0ZCv2VxsdVowwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIYXBwLnRlc3QwIBcNMjYxMTIzMDAyMzMwWhgPMjEyNjEwMzAw
MDIzMzBaMBMxETAPBgNVBAMMCGFwcC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEnTWMQaRlCMUrLDY+IbI9c0ip4ZREEAX4i561Ov8e2Z7Fb3okc1IzJ4sF
d60pIFe3/InS97tODH26hK+2OIe+RaNoMGYwHQYDVR0OBBYEFHzxTjXWqK3yXtlx
1ortO6CSoaTAMB8GA1UdIwQYMBaAFHzxTjXWqK3yXtlx1ortO6CSoaTAMA8GA1Ud
EwEB/wQFMAMBAf8wEwYDVR0RBAwwCoIIYXBwLnRlc3QwCgYIKoZIzj0EAwIDSAAw
RQIhAJ3PBJdOeVIYbFk248x7eN/r4xunDTW4Jo6/fD+MiAP3AiAuIP/9A6VOU8nf
Bz0mVn63uF9NA3RaI1KbiYM2Ch/DTQ==
-----END CERTIFICATE-----`;

/** Its key, which protects nothing. */
export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGv7muNb5yakGUeoo
AE5AsUSs4IIx6TILQpC/sqojl/ahRANCAASdNYxBpGUIxSssNj4hsj1zSKnhlEQQ
BfiLnrU6/x7ZnsVveiRzUjMniwV3rSkgV7f8idL3u04MfbqEr7Y4h75F
-----END PRIVATE KEY-----`;
