// What the SDKs make of streams that fail midway. Keys rest after a failure: one model of each provider.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenAI, client, from, script, user } from '../sdk.js';

const { streamText } = from('ai');
const { createOpenAICompatible } = from('@ai-sdk/openai-compatible');
const gateway = createOpenAICompatible({ name: 'spidergate', baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY });

const models = JSON.parse(process.env.MODELS);
const modelOf = (provider) => models.find((model) => model.startsWith(`${provider}/`));
// Paced, so that the beginning is on its way to the client when the failure comes: before that it would be no stream at all.
const failure = { error_at: 5, event_pause_ms: 30, answer: 'one two three four five six' };

test("the AI SDK's stream ends in an error", async () => {
  await script(failure);
  const errors = [];
  const said = streamText({ model: gateway(modelOf('an')), prompt: 'x', maxRetries: 0, onError: ({ error }) => errors.push(error) });
  await said.consumeStream();
  assert.equal(errors.length, 1);
  assert.equal(await said.finishReason, 'error');
});

for (const provider of ['gm', 'bd']) {
  test(`${provider}: the stream helper of the official SDK rejects`, async () => {
    await script(failure);
    const stream = client().chat.completions.stream({ model: modelOf(provider), messages: user('x') });
    let text = '';
    stream.on('content', (delta) => { text += delta; });
    await assert.rejects(stream.finalChatCompletion(), OpenAI.APIError);
    assert.ok(text.startsWith('one two'), text);
  });
}
