// Vercel's AI SDK, as agents use it: tool loops, objects and reasoning, where the provider speaks something else than OpenAI.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from, script } from '../sdk.js';

const { Output, generateText, stepCountIs, streamText, tool } = from('ai');
const { createOpenAICompatible } = from('@ai-sdk/openai-compatible');
const { z } = from('zod');

const gateway = createOpenAICompatible({
  name: 'spidergate', baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY, includeUsage: true, supportsStructuredOutputs: true,
});
const Place = z.object({ name: z.string(), kind: z.enum(['city', 'village']), people: z.array(z.object({ age: z.number().int() })) });
const place = { name: 'Paris', kind: 'city', people: [{ age: 3 }] };

function tools(seen) {
  const named = (name) => tool({
    description: name, inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => { seen.push(`${name} ${city}`); return { report: `${name}: fog` }; },
  });
  return { weather: named('weather'), news: named('news') };
}

// The second turn's answer repeats the first tool's result, which the SDK sends as JSON text.
function assertFog(text) {
  assert.ok(text.startsWith('The tool said: ') && text.includes('weather: fog'), text);
}

for (const model of JSON.parse(process.env.MODELS)) {
  const settings = { model: gateway(model), maxRetries: 0 };

  test(`${model}: text with usage`, async () => {
    const said = await generateText({ ...settings, system: 'be brief', prompt: 'hello spider' });
    assert.equal(said.text, 'You said: hello spider');
    assert.equal(said.finishReason, 'stop');
    assert.equal(said.usage.totalTokens, 6);
  });

  test(`${model}: a tool loop with parallel calls`, async () => {
    const seen = [];
    const said = await generateText({ ...settings, prompt: 'weather and news, in parallel please', tools: tools(seen), stopWhen: stepCountIs(4) });
    assertFog(said.text);
    assert.deepEqual(seen.sort(), ['news Paris', 'weather Paris']);
    assert.deepEqual(said.steps.map((step) => step.finishReason), ['tool-calls', 'stop']);
  });

  test(`${model}: a streamed tool loop`, async () => {
    const seen = [];
    const errors = [];
    const said = streamText({
      ...settings, prompt: 'weather and news, in parallel please', tools: tools(seen), stopWhen: stepCountIs(4),
      onError: ({ error }) => errors.push(error),
    });
    let text = '';
    for await (const piece of said.textStream) text += piece;
    assert.deepEqual(errors, []);
    assertFog(text);
    assert.equal((await said.steps).length, 2);
    assert.ok((await said.totalUsage).totalTokens > 0);
  });

  test(`${model}: an object of a zod schema`, async () => {
    const said = await generateText({ ...settings, prompt: 'where?', output: Output.object({ schema: Place }) });
    assert.deepEqual(said.output, place);
  });

  test(`${model}: a streamed object grows to the whole one`, async () => {
    const said = streamText({ ...settings, prompt: 'where?', output: Output.object({ schema: Place }) });
    let last;
    for await (const part of said.partialOutputStream) last = part;
    assert.deepEqual(last, place);
    assert.deepEqual(await said.output, place);
  });

  test(`${model}: reasoning is told apart from the answer`, async () => {
    await script({ reasoning: 'let me think', answer: 'a b' }, 2);
    const whole = await generateText({ ...settings, prompt: 'think' });
    assert.equal(whole.reasoningText, 'let me think');
    assert.equal(whole.text, 'a b');
    const streamed = streamText({ ...settings, prompt: 'think' });
    await streamed.consumeStream();
    assert.equal(await streamed.reasoningText, 'let me think');
    assert.equal(await streamed.text, 'a b');
  });
}
