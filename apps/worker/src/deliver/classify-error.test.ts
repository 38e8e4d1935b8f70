import { describe, expect, test } from '@jest/globals';
import { classifyError } from './classify-error.js';

describe('the class of an error', () => {
  test.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['ECONNREFUSED', 'connect'],
    ['EHOSTUNREACH', 'connect'],
    ['ETIMEDOUT', 'timeout'],
    ['EDEADLINE', 'timeout'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['EPROTO', 'tls'],
    ['HPE_INVALID_CONSTANT', 'protocol'],
    ['EBLOCKED', 'blocked'],
    ['EBLOCKEDNAME', 'dns'],
    ['SOMETHING_NEW', 'protocol'],
  ])('of %s is %s', (code, errorClass) => {
    expect(classifyError(Object.assign(new Error('x'), { code })).errorClass).toBe(errorClass);
  });

  test('has a sentence that does not name the address of a blocked host', () => {
    const error = Object.assign(new Error('The host db resolves to the address 10.0.0.7'), { code: 'EBLOCKEDNAME' });
    expect(classifyError(error).error).toBe('The host name does not resolve to a public address.');
  });

  test('tells nobody but operators a name that resolves inside the network from one that does not exist', () => {
    const [inside, nowhere] = ['EBLOCKEDNAME', 'ENOTFOUND'].map((code) => classifyError(Object.assign(new Error('x'), { code })));
    expect({ ...inside, errorCode: null }).toEqual({ ...nowhere, errorCode: null });
    expect([inside?.errorCode, nowhere?.errorCode]).toEqual(['EBLOCKEDNAME', 'ENOTFOUND']);
  });

  test('tells nobody but operators a closed port from a host that is not there', () => {
    const [closed, away] = ['ECONNREFUSED', 'EHOSTUNREACH'].map((code) => classifyError(Object.assign(new Error('x'), { code })));
    expect({ ...closed, errorCode: null }).toEqual({ ...away, errorCode: null });
  });
});
