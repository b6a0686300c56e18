// A PortusStack in TypeScript. The SDK beside this file is generated from the schema: see README.md of examples/.
import * as pulumi from "@pulumi/pulumi";
import { PortusStack, PortusStackArgs } from "./sdk";

const config = new pulumi.Config();
const args = config.requireObject<PortusStackArgs>("arguments");
const hub = new PortusStack("hub", {
    ...args,
    administrator: { username: "platform-team" },
});

export const registryUrl = hub.registryUrl;
export const administratorPassword = hub.administratorPassword;
