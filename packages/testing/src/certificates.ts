import { generateKeyPairSync, randomUUID, webcrypto } from 'node:crypto';

/** Private key and certificate of a TLS server, both in PEM: `tls.createServer({ key, cert })`. */
export interface ServerCertificate {
  key: string;
  cert: string;
}

interface CertificateOptions {
  /** DNS names and IP addresses of the certificate. Default: `shop.example` and 127.0.0.1. */
  names?: string[];
  /** End of validity; it begins two days earlier. Default: tomorrow. */
  validUntil?: Date;
}

/** A certificate authority for one test. */
export interface TestAuthority {
  /** The authority's certificate, in PEM. */
  cert: string;
  /** The authority's own key and certificate, for a server with a self-signed certificate. */
  selfSigned: ServerCertificate;
  /** Issues a certificate for a server. */
  issue: (options?: CertificateOptions) => Promise<ServerCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const yesterday = (): Date => new Date(Date.now() - DAY_MS);
const tomorrow = (): Date => new Date(Date.now() + DAY_MS);

/** Creates a certificate authority. Only clients that are configured with its certificate trust it. */
export async function createTestAuthority(): Promise<TestAuthority> {
  // Imported here, since both packages have many files and most tests need no certificate.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await createKeyPair();
  // OpenSSL finds an issuer by its name, so each authority needs a different one.
  const subject = `CN=Authority ${randomUUID()}`;
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: yesterday(),
    notAfter: tomorrow(),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    cert: authority.toString('pem'),
    selfSigned: { key: keys.pem, cert: authority.toString('pem') },
    async issue({ names = ['shop.example', '127.0.0.1'], validUntil = tomorrow() } = {}) {
      const serverKeys = await createKeyPair();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: 'CN=Test server',
        issuer: subject,
        publicKey: serverKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        notBefore: new Date(validUntil.getTime() - 2 * DAY_MS),
        notAfter: validUntil,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }) as const),
          ),
        ],
      });
      return { key: serverKeys.pem, cert: certificate.toString('pem') };
    },
  };
}

async function createKeyPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subtle } = webcrypto;
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    pem,
    privateKey: await subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), ALGORITHM, true, ['sign']),
    publicKey: await subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify']),
  };
}
