// What every part is made of: markup as tagged templates, and values that redraw what reads them.

import { h, render, Fragment, createRef } from "../../vendor/preact.js";
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useId,
  useCallback,
} from "../../vendor/preact-hooks.js";
import { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect } from "../../vendor/signals.js";
import htm from "../../vendor/htm.js";

/** @typedef {import("../../vendor/preact.js").ComponentChildren} Children */
/** @typedef {import("../../vendor/preact.js").VNode<any>} Markup */
/**
 * @template T
 * @typedef {import("../../vendor/signals.js").Signal<T>} Signal
 */

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = htm.bind(h);

export {
  Fragment,
  batch,
  computed,
  createRef,
  effect,
  render,
  signal,
  untracked,
  useCallback,
  useComputed,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useSignal,
  useSignalEffect,
  useState,
};
