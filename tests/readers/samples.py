"""Small files as the tools write them, made up for the tests."""

ZOOM = """Attendee Report
Report generated time,08/09/2026 02:31:08 PM
Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered
"Clean lists, live",812 3456 7890,08/09/2026 01:00:03 PM,58,9,1,5,
Host Details,
Attended,User Name (Original Name),Email,Join Time,Leave Time,Country/Region Name,
Yes,Dana W,dana@hub.example,08/09/2026 12:51:10 PM,08/09/2026 01:59:00 PM,United Kingdom,
Panelist Details,
Attended,User Name (Original Name),Email,Join Time,Leave Time,Country/Region Name,
Yes,Pat One,pat1@hub.example,08/09/2026 12:51:10 PM,08/09/2026 01:59:00 PM,United Kingdom,
Yes,Pat Two,pat2@hub.example,08/09/2026 12:51:10 PM,08/09/2026 01:59:00 PM,United Kingdom,
Attendee Details,
Attended,User Name (Original Name),First Name,Last Name,Email,Phone,Registration Time,Join Time,Job title
Yes,Ana Ruiz,Ana,Ruiz,ana@north.example,+34 612 345 678,08/02/2026 10:45:00 AM,08/09/2026 01:01:12 PM,\
"Ops, head"
Yes,Ana Ruiz,Ana,Ruiz,ana@north.example,+34 612 345 678,08/02/2026 10:45:00 AM,08/09/2026 01:22:05 PM,\
"Ops, head"
No,--,Wei,Zhang,wei@kestrel.example,--,08/05/2026 07:11:00 PM,--
Other Attended
User Name,Join Time,Leave Time,Time in Session (minutes),Country/Region Name
4420***18,08/09/2026 01:01:12 PM,08/09/2026 01:58:59 PM,57,United Kingdom
"""

BADGE = """Erster Kontakt;Vorname;Nachname;Firma;Position;E-Mail;Telefon;Land;Ja-Haken;Notiz
12.03.2026 10:14;Jürgen;Müßig;Brücke & Söhne GmbH;Geschäftsführer;j.m@bruecke.example;030 901;DE;x;\
"Angebot; dringend"
12.03.2026 10:31;Sean;O'Brien;Acme;vp eng;;+353 1 555 0199;IE;;
12.03.2026 11:02;Anaïs;Lefèvre;Kestrel;Achats;anais@kestrel.example ;01 99 00 12 34;FR;x;a scanné deux fois
"""

HUBSPOT = """Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Primary Company,Email Domain,\
Last Activity Date,Lead Status,Lifecycle Stage,Unsubscribed from all email,Original Source,Create Date
101,Sean,O'Brien,sean@acme.example,+353 1 555 0199,Dana,Acme,acme.example,2026-02-11 09:20,New,SQL,,Offline,\
2024-05-02 10:00
"""

SALESFORCE = """Lead ID\tSalutation\tFirst Name\tLast Name\tTitle\tCompany / Account\tEmail\tPhone\tMobile\t\
Lead Source\tLead Status\tWebsite\tCountry\tEmail Opt Out\r
00Q5\tMs.\tWei\tZhang\tEngineer\tKestrel Ltd.\twei@kestrel.example\t+44 20 7946 0018\t\tWebinar\tOpen\t\
https://kestrel.example/about\tUnited Kingdom\t0\r
"""

ON24 = """firstname,lastname,email,company,jobtitle,country,registrationdate,attended,partnerref
Olu,Adébáyò,olu@kestrel.example,Kestrel,Analyst,Nigeria,2026-04-01T09:00:00,Y,newsletter
"Smith, Jr.",Robert,bob@acme.example,Acme,"Buyer,
EMEA",United Kingdom,2026-04-01T09:05:00,N,paid-search
,,only@tulip.example,,,,2026-04-02T10:00:00,N,
"""
