/** Children become text nodes, never markup: names of models, features and categories are hostile input. */
export type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === 'number' ? String(child) : child);
  }
  return element;
}

/** A link inside the page: the router follows it without a reload. */
export function link(path: string, ...children: readonly Child[]): HTMLAnchorElement {
  return h('a', { href: path, 'data-link': true }, ...children);
}

export interface Column<T> {
  head: string;
  /** Numbers are set right-aligned in tabular figures. */
  numeric?: boolean;
  cell(row: T): Child;
}

/** A table that scrolls inside its own box on narrow screens. */
export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): HTMLElement {
  const numeric = (column: Column<T>): string | null => (column.numeric ? 'number' : null);
  const head = h('tr', {}, ...columns.map((column) => h('th', { scope: 'col', class: numeric(column) }, column.head)));
  const body = rows.map((row) =>
    h('tr', {}, ...columns.map((column) => h('td', { class: numeric(column) }, column.cell(row)))),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', { class: 'hidden' }, caption), h('thead', {}, head), h('tbody', {}, ...body)),
  );
}

export function section(title: string, ...children: readonly Child[]): HTMLElement {
  return h('section', {}, h('h2', {}, title), ...children);
}

/** What is shown where there is nothing yet: what that means and what to do next. */
export function empty(title: string, ...children: readonly Child[]): HTMLElement {
  return h('div', { class: 'empty' }, h('h2', {}, title), ...children);
}

export function code(text: string): HTMLElement {
  const copy = h(
    'button',
    { type: 'button', class: 'copy', click: () => void navigator.clipboard?.writeText(text) },
    'Copy',
  );
  return h('div', { class: 'code' }, h('pre', { tabindex: '0' }, h('code', {}, text)), copy);
}
