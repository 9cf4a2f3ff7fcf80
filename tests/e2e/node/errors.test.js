import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenAI, client, script, user } from './sdk.js';

const asked = { model: 'tp/echo', messages: user('hi') };

test('a wrong key is an AuthenticationError', async () => {
  await assert.rejects(client({ apiKey: `sg_key_prod_${'a'.repeat(38)}` }).chat.completions.create(asked), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
    assert.match(error.requestID, /^req_/);
    return true;
  });
});

test('an unknown model is a NotFoundError', async () => {
  await assert.rejects(client().chat.completions.create({ ...asked, model: 'no-such-model' }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
});

test("the provider's bad request is a BadRequestError with its message", async () => {
  await script({ status: 400 });
  await assert.rejects(client().chat.completions.create(asked), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.match(error.message, /temperature/);
    return true;
  });
});

test('a provider without a key is an InternalServerError with 503', async () => {
  await assert.rejects(client().chat.completions.create({ ...asked, model: 'groq/llama-3.1-8b-instant' }), (error) => {
    assert.ok(error instanceof OpenAI.InternalServerError);
    assert.equal(error.status, 503);
    return true;
  });
});

test('a stream that dies midway throws', async () => {
  await script({ cut: { events: 3 } });
  const stream = await client().chat.completions.create({ ...asked, stream: true });
  await assert.rejects(async () => { for await (const chunk of stream) assert.ok(chunk); }, OpenAI.APIError);
});
