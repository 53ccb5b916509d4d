import { RequestError, setKey } from '../client.ts';
import { empty, h } from '../dom.ts';

/** What is shown instead of a view: a field for the key where one is needed, otherwise what went wrong. */
export function problemView(error: unknown, retry: () => void): HTMLElement[] {
  if (error instanceof RequestError && (error.status === 401 || error.status === 403))
    return [signIn(error.message, retry)];
  if (error instanceof RequestError && error.status === 404) return [empty('Not found', h('p', {}, error.message))];
  const message = error instanceof Error ? error.message : String(error);
  return [empty('No answer', h('p', {}, `${message} The page tries again by itself.`))];
}

function signIn(message: string, retry: () => void): HTMLElement {
  const field = h('input', {
    type: 'password',
    id: 'key',
    autocomplete: 'off',
    required: true,
    placeholder: 'id.secret',
    'data-keep': 'key',
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    setKey(field.value.trim());
    retry();
  };
  return h(
    'form',
    { class: 'empty', submit },
    h('h2', {}, 'A key is needed'),
    h('p', {}, message),
    h('label', { for: 'key' }, 'Key with the role read'),
    h('div', { class: 'field' }, field, h('button', { type: 'submit' }, 'Sign in')),
    h('p', { class: 'quiet-text' }, 'It is kept in this tab only, until it is closed.'),
  );
}
