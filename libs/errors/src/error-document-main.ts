import { writeFileSync } from 'node:fs';
import { errorDocument, errorDocumentUrl } from './error-document.ts';

writeFileSync(errorDocumentUrl, errorDocument());
