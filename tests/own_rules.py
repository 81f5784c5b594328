"""Rules of the tests' own, laid over the shipped ones: nothing here moves when those are worked on.

Facet `kind` is exclusive (alpha before beta before gamma; aside is never primary), in facet `sign` fever has a child.
"""

RULES = """
[facet.kind]
label = 'Kind'
aliases = 'sort'
exclusive = true
threshold = 1
possible = 0.5
section = { title = 1 }

[facet.sign]
label = 'Sign'
threshold = 1
possible = 0.5
section = { title = 1 }

[tag.alpha]
facet = 'kind'
label = 'Alpha kind'
aliases = 'first-kind; ischaemic-kind'
rank = 1
title.1 = 'alphaword'
title."0.6" = 'alphahint'
pt.1 = 'Alpha Type'
mesh.1 = 'Alpha Heading'
substance.1 = 'alphastuff'
keyword.1 = 'alphakey'
journal.1 = 'alphajournal'
mask = 'not alphaword'
beside = 'beta'
yes = ['An alphaword']
no = ['Nothing of it', 'Surely not alphaword']

[tag.beta]
facet = 'kind'
label = 'Beta kind'
rank = 2
title.1 = 'betaword'
yes = ['A betaword']

[tag.gamma]
facet = 'kind'
label = 'Gamma kind'
rank = 3
title.1 = 'gammaword'
yes = ['A gammaword']

[tag.aside]
facet = 'kind'
label = 'Never primary'
never_primary = true
title.1 = 'asideword'
beside = 'alpha'
yes = ['An asideword']

[tag.fever]
facet = 'sign'
label = 'Fever'
title.1 = 'feverword'
title."0.6" = 'feverhint'
yes = ['A feverword']

[tag.high-fever]
facet = 'sign'
label = 'High fever'
parent = 'fever'
title.1 = 'hotword'
yes = ['A hotword']

[tag.cough]
facet = 'sign'
label = 'Cough'
title.1 = 'coughword'
yes = ['A coughword']
"""
