// What the first view of a page costs a browser that has never been here.

import { check } from '../harness.mjs';

const MOST = 40 * 1024;

// At most 40 KB on the wire, and nothing that is asked for only after the page's own files have come.
export async function isLight(visit, path) {
  const page = await visit.page.context().newPage();
  const network = await page.context().newCDPSession(page);
  const asked = [];
  let bytes = 0;
  network.on('Network.requestWillBeSent', ({ request, initiator, type }) => asked.push({ url: request.url, by: initiator, type }));
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength));
  await network.send('Network.enable');
  await network.send('Network.setCacheDisabled', { cacheDisabled: true });
  await page.goto(`${visit.panel}/${path}`, { waitUntil: 'networkidle' });
  await page.close();
  const late = asked.filter(({ by, type }) => type !== 'Document' && !(by.type === 'parser' || by.type === 'other'));
  check(bytes > 2000 && bytes <= MOST, `${visit.name}: the first view of ${path} takes at most 40 KB`, `${bytes} bytes`);
  check(late.length === 0, `${visit.name}: ${path} asks for nothing after the first round`, late);
  console.log(`# the first view of ${path}: ${bytes} bytes in ${asked.length} requests`);
}
