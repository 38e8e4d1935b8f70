import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Returns the certificates of a PEM text, joined into one text. Throws when there is none, or when one cannot be read, which
 * Node's TLS would silently ignore.
 */
export function parseCertificates(text: string): string {
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error('it holds no certificate in PEM');
  certificates.forEach((certificate, index) => {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw new Error(`certificate ${String(index + 1)} in it cannot be read`, { cause });
    }
  });
  return certificates.join('\n');
}
