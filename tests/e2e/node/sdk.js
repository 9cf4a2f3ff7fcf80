// The packages are installed outside the source tree; where, the test run says.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.SPIDERGATE_NODE_DIR}/package.json`);
export const from = require;
export const OpenAI = require('openai');

export function client(options = {}) {
  return new OpenAI({ baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY, maxRetries: 0, ...options });
}

export const user = (content) => [{ role: 'user', content }];

// Has the test provider treat the next request in a special way.
export async function script(behaviour, times = 1) {
  const answer = await fetch(`${process.env.PROVIDER_URL}/__control/script`, {
    method: 'POST',
    body: JSON.stringify({ match: {}, times, behaviour }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
