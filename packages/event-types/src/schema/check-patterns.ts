import type { Faults, Place } from './faults.js';
import { compilePattern } from './pattern.js';
import type { Node } from './check-references.js';
import { isObject } from './vocabulary.js';

/** What the patterns of one schema may have in sum, each different one counted once. Compiling them takes some 10 ms then. */
const MAX_SIZE = 20_000;
const MAX_UNICODE_CLASSES = 200;

/** Checks that each pattern, in `pattern` or a name in `patternProperties`, is RE2 syntax and compiles to a bounded size. */
export function checkPatterns(nodes: readonly Node[], faults: Faults): void {
  const faultBySource = new Map<string, string | undefined>();
  let size = 0;
  let classes = 0;
  const check = (place: Place, source: string): void => {
    if (!faultBySource.has(source)) {
      classes += source.match(/\\p/gi)?.length ?? 0;
      const pattern =
        classes > MAX_UNICODE_CLASSES || size > MAX_SIZE
          ? { fault: 'is one too many: the patterns of this schema are too large together' }
          : compilePattern(source);
      if ('size' in pattern) size += pattern.size + source.length;
      faultBySource.set(source, 'fault' in pattern ? pattern.fault : undefined);
    }
    const fault = faultBySource.get(source);
    if (fault !== undefined) faults.add(place, fault);
  };
  for (const { place, schema } of nodes) {
    if (!isObject(schema)) continue;
    if (typeof schema['pattern'] === 'string') check([...place, 'pattern'], schema['pattern']);
    const { patternProperties } = schema;
    if (!isObject(patternProperties)) continue;
    for (const source of Object.keys(patternProperties)) check([...place, 'patternProperties', source], source);
  }
}
