/** The paths of the page's files. */
export interface PageFiles {
  /** The path below which browsers find the files and documents; empty: none. */
  basePath: string;
  swaggerScript: string;
  swaggerStyle: string;
  script: string;
  style: string;
}

/** The HTML of the API reference. It loads all its files from this server, and has no inline scripts or styles. */
export const page = ({ basePath, swaggerScript, swaggerStyle, script, style }: PageFiles): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tidings: API reference</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${basePath}${swaggerStyle}" />
    <link rel="stylesheet" href="${basePath}${style}" />
  </head>
  <body>
    <header>
      <strong>Tidings</strong>
      <nav aria-label="Documents">
        <a href="${basePath}/openapi.json">OpenAPI 3.1: routes and webhooks</a>
        <a href="${basePath}/asyncapi.json">AsyncAPI 3.0: the stream and the queue</a>
      </nav>
    </header>
    <main id="reference">
      <noscript>This page needs JavaScript. The documents above do not.</noscript>
    </main>
    <script src="${basePath}${swaggerScript}"></script>
    <script src="${basePath}${script}"></script>
  </body>
</html>
`;

/** Starts Swagger UI. It keeps an entered token only until the page is closed (`persistAuthorization: false`). */
export const script = (basePath: string): string => `SwaggerUIBundle({
  url: '${basePath}/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: false,
  validatorUrl: null,
});
`;

/** The style sheet of the page, in CSS. */
export const style = `body { margin: 0; background: #fff; color: #1b1b1b; font-family: sans-serif; }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; padding: 1rem 2rem; border-bottom: 1px solid #ccc; }
nav { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; }
a { color: #0b57d0; }
`;
