import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates in a text of PEM, in one. Throws when there is none, or when one cannot be read: TLS itself would ignore it. */
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
