import { z } from 'zod';
import { route, type Route } from '../openapi/route.js';
import { Problem } from '../problems/problem.js';
import { securityTxt, type SecurityContact } from './security-txt.js';

/** The route `/.well-known/security.txt`: whom to tell about a vulnerability of this installation. */
export function securityTxtRoutes(contact: SecurityContact): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/.well-known/security.txt',
        operationId: 'getSecurityTxt',
        summary: 'Whom to tell about a vulnerability of this installation',
        description: 'As RFC 9116 defines it. `Expires` is 90 days after today.',
        access: 'public',
        responses: {
          200: { description: 'The contact.', schema: z.string(), contentType: 'text/plain' },
          404: { description: 'The operator has set no contact (`SECURITY_CONTACT`).' },
        },
      },
      (_call, response) => {
        if (contact.contacts.length === 0) {
          throw new Problem(404, 'Not found', {
            detail: 'The operator of this installation has set no contact (SECURITY_CONTACT).',
          });
        }
        response.type('text/plain').send(securityTxt(contact, new Date()));
      },
    ),
  ];
}
