/** The editor of a live example, loaded when one is first seen. */
import { javascript } from "@codemirror/lang-javascript";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
import { EditorView, minimalSetup } from "codemirror";

/** Colours are the site's: they follow its theme. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-call)" },
  { tag: [tags.typeName, tags.className], color: "var(--code-type)" },
]);

export interface Editor {
  readonly text: () => string;
  /** Replaces the whole text. */
  readonly reset: (text: string) => void;
  readonly close: () => void;
}

/** Opens an editor in an element. */
export function openEditor(parent: HTMLElement, text: string, label: string, changed: () => void): Editor {
  const view = new EditorView({
    doc: text,
    parent,
    extensions: [
      minimalSetup,
      javascript({ typescript: true }),
      syntaxHighlighting(colours),
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      EditorView.updateListener.of(({ docChanged }) => {
        if (docChanged) changed();
      }),
    ],
  });
  return {
    text: () => view.state.doc.toString(),
    reset: (insert) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } }),
    close: () => view.destroy(),
  };
}
