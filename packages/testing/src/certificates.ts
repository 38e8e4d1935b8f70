import { generateKeyPairSync, randomUUID, webcrypto } from 'node:crypto';

/** For a TLS server: `tls.createServer({ key, cert })`. */
export interface ServerCertificate {
  key: string;
  cert: string;
}

interface CertificateOptions {
  /** The names and addresses that it is for. Default: `shop.example` and 127.0.0.1. */
  names?: string[];
  /** Until when it is valid. Default: tomorrow. */
  until?: Date;
}

/** An authority of a test's own. */
export interface TestAuthority {
  /** Its certificate, in PEM. */
  cert: string;
  /** A server that shows the authority itself: its certificate is signed by its own key. */
  ownServer: ServerCertificate;
  issue: (options?: CertificateOptions) => Promise<ServerCertificate>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const yesterday = (): Date => new Date(Date.now() - DAY_MS);
const tomorrow = (): Date => new Date(Date.now() + DAY_MS);

/** Makes an authority, whose certificates nobody trusts who was not told to. */
export async function createTestAuthority(): Promise<TestAuthority> {
  // Only for those who need it: it is many files.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await makeKeys();
  // OpenSSL looks for an issuer by its name.
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
    ownServer: { key: keys.pem, cert: authority.toString('pem') },
    async issue({ names = ['shop.example', '127.0.0.1'], until = tomorrow() } = {}) {
      const own = await makeKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: 'CN=A server of a test',
        issuer: subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        notBefore: new Date(until.getTime() - 2 * DAY_MS),
        notAfter: until,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }) as const),
          ),
        ],
      });
      return { key: own.pem, cert: certificate.toString('pem') };
    },
  };
}

async function makeKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { subtle } = webcrypto;
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    pem,
    privateKey: await subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), ALGORITHM, true, ['sign']),
    publicKey: await subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), ALGORITHM, true, ['verify']),
  };
}
