import express from 'express';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET); // whsec_…

express()
  .post('/hook', express.raw({ type: 'application/json' }), (request, response) => {
    try {
      const event = webhook.verify(request.body, request.headers);
      response.sendStatus(204);
      console.log(request.get('webhook-id'), event.type, event.data);
    } catch {
      response.sendStatus(400);
    }
  })
  .listen(process.env.PORT ?? 5000);
