import json
from ansible_collections.certwright.tls.tests.integration.internal_site import *
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
def show(f):
    for r in f.results: print(r["host"], r["status"], r.get("changed"), str(r.get("msg",""))[:300], {k:v for k,v in r.items() if k in ("outcomes","problems","reasons","warnings")})
def test_x(site, idle_nginx):
    s = InternalSite(site, idle_nginx); s.serve()
    show(s.make())
    a=site.executions; show(s.play("internal_ca_init")); print("init2", site.executions-a)
    f=s.install("--check"); show(f)
    f=s.install(); show(f)
    for h in HOSTS: print(h, s.served(h)==s.stored(h))
    a=site.executions; f=s.install(); show(f); print("again", site.executions-a)
    a=site.executions; f=s.play("internal_ca"); print(f.code, site.executions-a); show(f)
    a=site.executions; f,r=s.renew(); print(f.code, site.executions-a); print(json.dumps(r,indent=1))
    s.ca.path.rename(site.host/"away")
    f=s.install(code=None) if 0 else s.play("install", tls_hosts="host*"); print("GONE", f.code); show(f)
    f,r=s.renew(); print("GONE renew", f.code); show(f); print(json.dumps(r,indent=1)); print(f.output[-3000:])
    s.ca.path.mkdir(mode=0o700)
    f,r=s.renew(); print("EMPTY renew", f.code); show(f); print(json.dumps(r,indent=1))
