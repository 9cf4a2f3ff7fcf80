import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client, user } from './sdk.js';

const tool = (name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
});

test('chat answers with usage', async () => {
  const answer = await client().chat.completions.create({ model: 'tp/echo', messages: user('hello node') });
  assert.equal(answer.choices[0].message.content, 'You said: hello node');
  assert.equal(answer.usage.total_tokens, 6);
});

test('a stream arrives in pieces and ends', async () => {
  const stream = await client().chat.completions.create({
    model: 'tp/echo', messages: user('one two'), stream: true, stream_options: { include_usage: true },
  });
  const pieces = [];
  let usage = null;
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
    usage = chunk.usage ?? usage;
  }
  assert.deepEqual(pieces, ['You', ' said:', ' one', ' two']);
  assert.equal(usage.total_tokens, 6);
});

test('the stream helper gathers parallel tool calls', async () => {
  const stream = client().chat.completions.stream({
    model: 'tp/echo', messages: user('in parallel please'), tools: [tool('weather'), tool('news')],
  });
  const calls = (await stream.finalChatCompletion()).choices[0].message.tool_calls;
  assert.deepEqual(calls.map((call) => call.function.name), ['weather', 'news']);
  assert.deepEqual(calls.map((call) => JSON.parse(call.function.arguments)), [{ city: 'Paris' }, { city: 'Paris' }]);
  assert.notEqual(calls[0].id, calls[1].id);
});

test('runTools goes round the loop', async () => {
  const seen = [];
  const weather = tool('weather');
  weather.function.parse = JSON.parse;
  weather.function.function = ({ city }) => { seen.push(city); return 'fog'; };
  const runner = client().chat.completions.runTools({ model: 'tp/echo', messages: user('weather?'), tools: [weather] });
  assert.equal(await runner.finalContent(), 'The tool said: fog');
  assert.deepEqual(seen, ['Paris']);
});

test('aborting a stream is quiet', async () => {
  const stream = await client().chat.completions.create({ model: 'tp/echo', messages: user('a b c d'), stream: true });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    stream.controller.abort();
    break;
  }
});

test('embeddings are numbers though the SDK asks for base64', async () => {
  for (const model of ['tp/embed', 'tp/embed-no-base64']) {
    const answer = await client().embeddings.create({ model, input: ['one', 'two'], dimensions: 8 });
    assert.equal(answer.data.length, 2);
    assert.equal(answer.data[0].embedding.length, 8);
    assert.ok(answer.data[0].embedding.every((value) => Number.isFinite(value) && Math.abs(value) <= 1));
  }
});

test('models are listed and retrieved by ids with slashes', async () => {
  const names = [];
  for await (const model of client().models.list()) names.push(model.id);
  assert.ok(names.includes('tp/org/slashed'));
  assert.equal((await client().models.retrieve('tp/org/slashed')).id, 'tp/org/slashed');
});
