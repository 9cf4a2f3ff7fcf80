// The official SDK's helpers where the provider speaks something else: MODELS has a model of each dialect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client, from, user } from '../sdk.js';

const { z } = from('zod');
const { zodFunction, zodResponseFormat } = from('openai/helpers/zod');

const Person = z.object({ name: z.string(), age: z.number().int() });
const Trip = z.object({
  kind: z.enum(['train', 'ship']), days: z.number().int(), price: z.number(), booked: z.boolean(),
  guide: Person, guests: z.array(Person), note: z.union([z.string(), z.null()]),
});
const paris = { name: 'Paris', age: 3 };
const trip = { kind: 'train', days: 3, price: 1.5, booked: true, guide: paris, guests: [paris], note: 'Paris' };

for (const model of JSON.parse(process.env.MODELS)) {
  test(`${model}: the stream helper tells content, chunks and usage`, async () => {
    const stream = client().chat.completions.stream({ model, messages: user('one two'), stream_options: { include_usage: true } });
    const pieces = [];
    stream.on('content', (delta) => pieces.push(delta));
    const whole = await stream.finalChatCompletion();
    assert.deepEqual(pieces, ['You', ' said:', ' one', ' two']);
    assert.equal(whole.choices[0].message.content, 'You said: one two');
    assert.equal(whole.choices[0].finish_reason, 'stop');
    assert.equal((await stream.totalUsage()).total_tokens, 6);
  });

  test(`${model}: parse gives an instance of a zod schema, nested and with every kind of value`, async () => {
    const answer = await client().chat.completions.parse({ model, messages: user('plan'), response_format: zodResponseFormat(Trip, 'trip') });
    assert.deepEqual(answer.choices[0].message.parsed, trip);
  });

  test(`${model}: a streamed instance is whole at the end`, async () => {
    const stream = client().chat.completions.stream({ model, messages: user('plan'), response_format: zodResponseFormat(Trip, 'trip') });
    assert.deepEqual((await stream.finalChatCompletion()).choices[0].message.parsed, trip);
  });

  for (const stream of [false, true]) {
    test(`${model}: runTools goes round with parallel calls${stream ? ', streamed' : ''}`, async () => {
      const seen = [];
      const named = (name) => zodFunction({
        name, description: name, parameters: z.object({ city: z.string() }),
        function: ({ city }) => { seen.push(`${name} ${city}`); return `${name}: fog`; },
      });
      const runner = client().chat.completions.runTools({
        model, stream, messages: user('weather and news, in parallel please'), tools: [named('weather'), named('news')],
      });
      assert.equal(await runner.finalContent(), 'The tool said: weather: fog');
      assert.deepEqual(seen, ['weather Paris', 'news Paris']);
    });
  }
}
