export * from "squire-rte";
export { default } from "squire-rte";
